# SPDX-License-Identifier: MIT
"""What starts a board from its BOOT partition: kernel, initrd, device trees, firmware, settings.

Which files is written in the board's `boot.txt`: a pattern of where a file is in the root, and what
it is called on BOOT; without a second word it keeps its name. What begins with `system/` there is
a system's own: each of the two has it in a folder (appliance/host/systems.py), the first one on a
new card, and a bundle brings it. `boot/` of board and flavour holds what comes from us.
"""

from __future__ import annotations

import fnmatch
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from appliance.errors import InputError
from appliance.host import systems
from image.build.boards import Board
from image.build.cache import walk

# Before the names of a system's own files, in `boot.txt`.
SYSTEM = "system/"


def write(folder: Path, packages: Path, board: Board, keyring: bytes = b"") -> None:
    """Write a new card's files into `folder`. Raises InputError where the tar `packages` lacks one.

    The first system is the one that starts. It takes updates by the certificates of `keyring`.
    """
    files = [(pattern, name) for pattern, name in _wanted(board) if not name.startswith(SYSTEM)]
    _take_all(folder, packages, files, board)
    for own in (board.folder / "boot", board.folder / board.flavour / "boot"):
        for file in sorted(walk(own)):
            shutil.copyfile(file, folder / file.relative_to(own))
    write_system(folder / systems.A.name, packages, board, keyring)


def write_system(folder: Path, packages: Path, board: Board, keyring: bytes = b"") -> None:
    """Write what a system has of its own on BOOT into the new `folder`. Raises InputError.

    The keyring stands there and not in ROOT, which is alike for all who build it.
    """
    folder.mkdir()
    files = [
        (pattern, name.removeprefix(SYSTEM))
        for pattern, name in _wanted(board)
        if name.startswith(SYSTEM)
    ]
    _take_all(folder, packages, files, board)
    overlays = folder / "overlays"
    if overlays.is_dir() and not (overlays / "README").exists():
        # Without this file the firmware looks for overlays without the prefix.
        (overlays / "README").write_text("Device tree overlays of this system.\n")
    (folder / systems.COMMAND_LINE).write_text(board.command_line + "\n")
    if keyring:
        (folder / systems.KEYRING).write_bytes(keyring)


def _take_all(
    folder: Path, packages: Path, wanted: Sequence[tuple[str, str]], board: Board
) -> None:
    missing = {pattern for pattern, _ in wanted if "overlays" not in pattern}
    with tarfile.open(packages) as tar:
        for member in tar:
            for pattern, name in wanted:
                if member.isfile() and matches(member.name, pattern):
                    missing.discard(pattern)
                    _take(tar, member, folder / place(member.name, name))
    if missing:
        raise InputError(f"the packages of {board.title} have no {', '.join(sorted(missing))}")


def matches(member: str, pattern: str) -> bool:
    """Tell whether a tar's member is what a pattern means; `*` does not reach over a `/`."""
    parts, wanted = PurePosixPath(member).parts, PurePosixPath(pattern).parts
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def place(member: str, name: str) -> str:
    """Return what a member is called on BOOT; a `name` that ends with / is a folder for it."""
    own = PurePosixPath(member).name
    return f"{name}{own}" if name.endswith("/") else name or own


def _wanted(board: Board) -> Iterator[tuple[str, str]]:
    file = board.folder / "boot.txt"
    for line in file.read_text().splitlines() if file.exists() else ():
        words = line.partition("#")[0].split()
        if words:
            yield words[0], words[1] if len(words) > 1 else ""


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None, f"{member.name} is no file"
    with source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
