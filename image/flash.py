# SPDX-License-Identifier: MIT
"""Write an image to a card: shown and asked first, by block map, read back and compared."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from appliance.errors import GloveboxError, InputError, PrivilegeError
from appliance.host import disksignature, systems
from appliance.settings.config import build as check_settings
from appliance.settings.tables import read as read_settings
from image.build import boards, owner_file
from image.build.context import BUILD, BuildContext
from image.build.firststage import boot_offset
from image.build.tools import Tools
from image.build.tools_root import build_tools
from image.command import BuildError, output, run
from image.progress import StageProgress
from image.release import signature

COLUMNS = "PATH,MODEL,SIZE,RM,HOTPLUG,TYPE,TRAN,MOUNTPOINTS"
# What a running system cannot do without.
SYSTEM = ("/", "/boot", "/boot/efi", "/usr", "/var", "/home", "[SWAP]")
# From linux/fs.h: forget what was read of the device before.
BLKFLSBUF = 0x1261
CHUNK = 4 << 20


@dataclass(frozen=True)
class BlockDevice:
    """A disk as lsblk(8) shows it; `size` in bytes, `mounts` of the disk and its partitions."""

    path: str
    model: str
    size: int
    kind: str
    removable: bool
    mounts: tuple[str, ...]

    @property
    def is_system(self) -> bool:
        return any(mount in SYSTEM for mount in self.mounts)

    def describe(self) -> str:
        """Return what a person recognises the card by."""
        where = f", mounted: {', '.join(self.mounts)}" if self.mounts else ""
        return f"{self.path}: {self.model or self.kind}, {self.size / 1e9:.1f} GB{where}"


def parse_devices(listing: str) -> list[BlockDevice]:
    """Return the disks in what `lsblk --json --bytes` printed."""
    return [
        BlockDevice(
            path=entry["path"],
            model=(entry["model"] or "").strip(),
            size=int(entry["size"]),
            kind=entry["type"],
            removable=bool(entry["rm"] or entry["hotplug"]) or entry["tran"] == "mmc",
            mounts=tuple(_mounts(entry)),
        )
        for entry in json.loads(listing)["blockdevices"]
    ]


def _mounts(entry: dict[str, Any]) -> Iterator[str]:
    yield from (mount for mount in entry["mountpoints"] if mount)
    for child in entry.get("children", ()):
        yield from _mounts(child)


def check(device: BlockDevice, needed: int, force: bool) -> None:
    """Refuse what is surely not meant. Raises InputError."""
    if device.kind not in ("disk", "loop"):
        raise InputError(f"{device.path} is a {device.kind}, not a whole disk")
    if device.is_system:
        raise InputError(f"{device.path} is the disk that this system runs from")
    if not device.removable and not force:
        raise InputError(f"{device.path} is not removable; if it is the card, add --force")
    if device.size < needed:
        raise InputError(f"{device.path} is too small: the image needs {needed / 1e9:.1f} GB")


def find(path: Path) -> BlockDevice:
    """Return the disk at `path`. Raises InputError where there is none."""
    if not path.is_block_device():
        raise InputError(f"{path} is no disk; `lsblk` shows which there are")
    real = path.resolve()
    return parse_devices(output(["lsblk", "--json", "--bytes", "--output", COLUMNS, str(real)]))[0]


@dataclass(frozen=True)
class BlockMap:
    """Which ranges of an image hold anything: (first byte, bytes, SHA-256), and its size."""

    size: int
    ranges: tuple[tuple[int, int, str], ...]


def parse_map(text: str) -> BlockMap:
    """Return a block map of bmaptool's version 2. Raises InputError."""
    try:
        root = ElementTree.fromstring(text)
        block, size = int(root.findtext("BlockSize", "")), int(root.findtext("ImageSize", ""))
        ranges = []
        for node in root.iterfind("BlockMap/Range"):
            first, _, last = (node.text or "").strip().partition("-")
            start, end = int(first) * block, min((int(last or first) + 1) * block, size)
            ranges.append((start, end - start, node.attrib["chksum"]))
    except (ElementTree.ParseError, ValueError, KeyError) as error:
        raise InputError(f"not a block map: {error!r}") from error
    return BlockMap(size, tuple(ranges))


def verify(device: Path, block_map: BlockMap) -> None:
    """Read back from the card all that was written. Raises BuildError where it differs."""
    with device.open("rb") as stream:
        if device.is_block_device():
            fcntl.ioctl(stream, BLKFLSBUF)
        for start, length, expected in block_map.ranges:
            stream.seek(start)
            digest = hashlib.sha256()
            while length:
                chunk = stream.read(min(CHUNK, length))
                if not chunk:
                    raise BuildError(f"{device} ends early, at {stream.tell()}")
                digest.update(chunk)
                length -= len(chunk)
            if digest.hexdigest() != expected:
                raise BuildError(f"{device} does not hold what was written at {start}: a bad card?")


def write(tools: Tools, image: Path, device: Path, log: Path) -> None:
    """Write the image where its map says that it holds anything."""
    script = tools.root / "usr/bin/bmaptool"
    run(
        [*tools.argv("python3"), script, "copy", "--bmap", map_of(image), image, device],
        log,
        {**tools.environment, "PYTHONHOME": str(tools.root / "usr")},
    )


def put_settings(tools: Tools, settings: Path, device: Path, log: Path) -> None:
    """Put the owner's settings on the card's BOOT partition."""
    boot = f"{device}@@{boot_offset(device)}"
    run(
        [*tools.argv("mcopy"), "-D", "o", "-i", boot, settings, f"::{owner_file.NAME}"],
        log,
        tools.environment,
    )


def mark(tools: Tools, device: Path, log: Path) -> None:
    """Give the card a signature of its own, in its partition table and on its command line.

    The command line comes first: a card on which the two differ starts all the same. A card whose
    BOOT has no command line keeps its signature.
    """
    with device.open("rb") as disk:
        before = disksignature.read(disk)
    own = disksignature.random()
    changed = [
        _mark(tools, device, place, f"PARTUUID={before}-", f"PARTUUID={own}-", log)
        for place in systems.COMMAND_LINES
    ]
    if not any(changed):
        return
    with device.open("r+b") as disk:
        disksignature.write(disk, own)
        os.fsync(disk.fileno())


def _mark(tools: Tools, device: Path, place: str, before: str, after: str, log: Path) -> bool:
    """Change the signature on a command line on BOOT; tell whether BOOT has it."""
    boot, mcopy = f"{device}@@{boot_offset(device)}", tools.argv("mcopy")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / systems.COMMAND_LINE
        try:
            run([*mcopy, "-n", "-i", boot, f"::{place}", file], log, tools.environment)
        except BuildError:
            return False
        file.write_text(file.read_text().replace(before, after))
        run([*mcopy, "-D", "o", "-i", boot, file, f"::{place}"], log, tools.environment)
    return True


def map_of(image: Path) -> Path:
    """Return the block map beside an image. Raises InputError where it is missing."""
    found = image.with_name(image.name.removesuffix(".xz").removesuffix(".img") + ".bmap")
    if not found.exists():
        raise InputError(f"{found} is missing: the image and its .bmap belong together")
    return found


def newest(folder: Path) -> Path:
    """Return the image that was built last. Raises InputError where there is none."""
    images = sorted(folder.glob("*/*.img.xz"), key=lambda file: file.stat().st_mtime)
    if not images:
        raise InputError("no image yet: `./build.sh image --board pi` makes one")
    return images[-1]


def confirmed(device: BlockDevice, image: Path) -> bool:
    """Ask a person whether this is the card that may be overwritten."""
    print(f"{device.describe()}\n  will be overwritten with {image.name}.", file=sys.stderr)
    try:
        answer = input("Type yes to go on: ")
    except EOFError:
        return False
    return answer.strip() == "yes"


def flash(arguments: argparse.Namespace, progress: StageProgress) -> None:
    """Check, ask, write, read back. Raises GloveboxError."""
    image = arguments.image or newest(BUILD / "out")
    is_signed = signature.check(image, arguments.key)
    block_map = parse_map(map_of(image).read_text())
    if arguments.settings:
        check_settings(read_settings(arguments.settings), str(arguments.settings))
    device = find(arguments.device)
    check(device, block_map.size, arguments.force)
    if not os.access(arguments.device, os.R_OK | os.W_OK):
        raise PrivilegeError(f"no right to write {device.path}: run it with sudo")
    if not arguments.yes and not confirmed(device, image):
        raise InputError("nothing was written")
    log = BUILD / "log" / "flash.log"
    for mount in device.mounts:
        run(["umount", mount], log)
    tools = build_tools(BuildContext(boards.choose("vm"), progress))
    with progress.stage(f"writing {device.path}"):
        write(tools, image, arguments.device, log)
    with progress.stage("reading it back"):
        verify(arguments.device, block_map)
    mark(tools, arguments.device, log)
    if arguments.settings:
        put_settings(tools, arguments.settings, arguments.device, log)
    signed = f", signed with {arguments.key}" if is_signed else ""
    progress.say(f"{device.path} holds {image.name}{signed}; it can be taken out")


def main(argv: Sequence[str]) -> int:
    """Write an image to a card and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="build.sh flash",
        description="Write an image to a card: shows the card and asks, writes by block map, reads"
        " everything back.",
        epilog="Exit status: 0 written and compared, 2 not this device or image, 4 no right to"
        " write it, 1 another failure, 130 Ctrl-C.",
    )
    parser.add_argument("device", type=Path, metavar="DEVICE", help="the card, like /dev/sdX")
    parser.add_argument("--image", type=Path, help="an .img.xz (default: the one built last)")
    parser.add_argument("--settings", type=Path, help="your glovebox.toml, put on the card")
    parser.add_argument(
        "--key", type=Path, help="refuse an image that this minisign key did not sign"
    )
    parser.add_argument("--force", action="store_true", help="write even if it is not removable")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args(argv)
    try:
        flash(arguments, StageProgress())
    except GloveboxError as error:
        print(f"build.sh flash: {error}", file=sys.stderr)
        return error.exit_status
    except FileNotFoundError as error:
        print(f"build.sh flash: {error.filename} is missing", file=sys.stderr)
        return InputError.exit_status
    except KeyboardInterrupt:
        print("build.sh flash: interrupted; the card is not whole", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
