"""Build a board: tools root, engine root, packages, our files, disk; each stage only if needed."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.errors import InputError
from image import (
    archive,
    bootfiles,
    disk,
    emulation,
    engines,
    firmware,
    firststage,
    overlay,
    record,
)
from image.archive import Archive
from image.boards import IMAGE, Board
from image.cache import Cache, Input, discard, reachable
from image.command import run
from image.engines import Engine
from image.progress import Progress
from image.roots import NO_BYTE_CODE, SOURCE_DATE_EPOCH, Root, change, package_list
from image.tools import Tools, make_runnable

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
SUITE = "trixie"
PYTHON = "3.13"


@dataclass(frozen=True)
class Image:
    """A finished build: the disk and what starts it in an emulated machine."""

    board: Board
    engine: Engine
    tools: Tools
    packages: Path
    engine_tar: Path | None
    system: Path
    disk: Path
    kernel: Path
    initrd: Path
    device_tree: Path | None
    command_line: str
    engine_root: Path | None

    @property
    def title(self) -> str:
        """Return what is in the names of its files, like `pi-debian-suricata`."""
        return f"{self.board.title}{self.engine.suffix}"


@dataclass(frozen=True)
class Build:
    """One board's stages; a mirror of None means mmdebstrap's own choice."""

    board: Board
    progress: Progress
    mirror: str | None = None
    ubuntu_mirror: str | None = None
    folder: Path = BUILD
    ids: Engine = Engine(engines.DEFAULT)
    archive: Archive = Archive()
    lock: record.Lock | None = None

    @property
    def is_native(self) -> bool:
        """Whether the board's programs run on this host as they are."""
        return self.board.machine == os.uname().machine

    @property
    def cache(self) -> Cache:
        """Return where stages are kept. Raises InputError."""
        folder = self.folder / "cache"
        folder.mkdir(parents=True, exist_ok=True)
        reachable(folder)
        return Cache(folder, self.progress)

    def log(self, stage: str) -> Path:
        return self.folder / "log" / f"{stage}.log"

    def named(self, stage: str) -> str:
        """Return the name of a stage that every image has for itself."""
        return f"{stage}-{self.board.title}{self.ids.suffix}"

    def image(self) -> Image:
        """Make what is missing and return the whole. Raises InputError."""
        key = self.archive_key()
        tools = self.tools()
        packages = self.packages(tools, key)
        engine = self.engine(tools)
        if self.lock:
            record.hold(self.lock, record.of_roots(tools.root, packages, engine))
        system = self.system(tools, packages, engine)
        image = self.disk(tools, packages, system)
        boot = self.boot_files(tools, packages, image)
        device_tree, command_line = boot / "device-tree", boot / "cmdline"
        return Image(
            board=self.board,
            engine=self.ids,
            tools=tools,
            packages=packages,
            engine_tar=engine,
            system=system,
            disk=image,
            kernel=boot / "vmlinuz",
            initrd=boot / "initrd.img",
            device_tree=device_tree if device_tree.exists() else None,
            command_line=command_line.read_text().strip(),
            engine_root=self.engine_root(engine) if engine and self.is_native else None,
        )

    def boot_files(self, tools: Tools, packages: Path, image: Path) -> Path:
        """Take out what an emulator starts the board with; from BOOT where the board does, too."""

        def make(target: Path) -> None:
            if self.board.device_tree:
                firststage.take(
                    tools, image, self.board.device_tree, target, self.log(self.named("boot"))
                )
            else:
                take_boot(packages, target)
                (target / "cmdline").write_text(self.board.command_line)

        inputs: list[Input] = [image.name, packages.name, IMAGE / "firststage.py"]
        return self.cache.stage(self.named("boot-files"), "", inputs, make)

    def engine_alone(self) -> Path:
        """Make what is missing of the engine's root and return it unpacked, for tests."""
        engine = self.engine(self.tools())
        if engine is None:
            raise InputError(f"{self.ids.name} has no root")
        return self.engine_root(engine)

    def archive_key(self) -> Path | None:
        """Fetch the key of the flavour's own archive, first of all; None where it has none."""
        if not self.board.sources.is_dir():
            return None
        inputs = [self.archive.url, self.archive.fingerprint]
        return self.cache.stage(
            "archive-key", ".asc", inputs, lambda target: archive.fetch(self.archive, target)
        )

    def tools(self) -> Tools:
        """Make the tools root: the programs of the build itself, alike on every host."""
        packages = package_list(IMAGE / "toolsroot" / "packages.txt")
        root = Root(SUITE, packages, mirror=self.mirror, keyring=debian_keyring())
        inputs: list[Input] = [*root.inputs, IMAGE / "toolsroot", IMAGE / "tools.py"]

        def make(target: Path) -> None:
            tar = target.with_suffix(".tar")
            try:
                root.make(tar, self.log("tools"))
                unpack(tar, target, self.log("tools-unpack"))
            finally:
                discard(tar)
            (target / "run").mkdir(exist_ok=True)
            shutil.copy(IMAGE / "toolsroot" / "programs.txt", target / "run" / "programs")
            make_runnable(target)

        return Tools(self.cache.stage("tools", "", inputs, make))

    def engine(self, tools: Tools) -> Path | None:
        """Make the tar of the engine's own root; None for a sensor without one."""
        if not self.ids.has_root:
            return None
        ubuntu_keyring = tools.root / "usr/share/keyrings/ubuntu-archive-keyring.gpg"
        root = Root(
            suite=self.ids.suite,
            packages=self.ids.packages,
            components=self.ids.components,
            mirror=self.mirror if self.ids.is_debian else self.ubuntu_mirror,
            keyring=debian_keyring() if self.ids.is_debian else ubuntu_keyring,
            architecture=self.board.architecture,
        )

        def make(tar: Path) -> None:
            emulation.ensure(
                self.board.architecture, tools, self.log(f"emulation-{self.board.architecture}")
            )
            root.make(tar, self.log(f"engine-{self.ids.name}-{self.board.architecture}"))

        return self.cache.stage(
            f"engine-{self.ids.name}-{self.board.architecture}", ".tar", root.inputs, make
        )

    def engine_root(self, engine: Path) -> Path:
        """Unpack the engine's root for the tests and return its folder."""
        folder = self.cache.stage(
            f"engine-root-{self.ids.name}-{self.board.architecture}", "", [engine.name],
            lambda target: unpack(engine, target, self.log("engine-unpack")),
        )  # fmt: skip
        link = self.folder / f"engine-{self.ids.name}"
        discard(link)
        link.symlink_to(folder)
        return folder

    def packages(self, tools: Tools, key: Path | None) -> Path:
        """Make the tar of the board's packages, its initrd among them."""
        board = self.board
        root = Root(
            SUITE, board.packages, board.components, mirror=self.mirror,
            keyring=debian_keyring(), architecture=board.architecture, options=NO_BYTE_CODE,
        )  # fmt: skip
        inputs: list[Input] = [*root.inputs, board.early]
        if key:
            inputs += [key.name, board.sources]

        def make(target: Path) -> None:
            early = target.with_suffix(".early")
            overlay.write(early, [(board.early, "")], int(SOURCE_DATE_EPOCH))
            hook = f"--essential-hook=tar-in {early} /"
            try:
                emulation.ensure(
                    board.architecture, tools, self.log(f"emulation-{self.board.architecture}")
                )
                with archive.hooks(board, self.archive, key) as own:
                    replace(root, hooks=(hook, *own)).make(
                        target, self.log(f"packages-{board.title}")
                    )
            finally:
                discard(early)

        return self.cache.stage(f"packages-{board.title}", ".tar", inputs, make)

    def device_programs(self) -> Tools:
        """Make what is missing of the board's packages and return them unpacked, for tests."""
        packages = self.packages(self.tools(), self.archive_key())
        programs = IMAGE / "programs.txt"

        def make(target: Path) -> None:
            unpack(packages, target, self.log("packages-unpack"))
            (target / "run").mkdir(exist_ok=True)
            shutil.copy(programs, target / "run" / "programs")
            make_runnable(target)

        inputs: list[Input] = [packages.name, programs, IMAGE / "tools.py"]
        return Tools(self.cache.stage("packages-root", "", inputs, make))

    def wheels(self) -> Path:
        """Fetch the Python packages that Debian does not have, unpacked, checked by hash."""
        requirements = IMAGE / "python" / "pcapy-ng.txt"
        platform = f"manylinux_2_28_{self.board.machine}"

        def make(target: Path) -> None:
            run(
                [
                    sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
                    "--require-hashes", "--only-binary=:all:", "--no-compile",
                    f"--python-version={PYTHON}", f"--platform={platform}",
                    "--target", target, "--requirement", requirements,
                ],
                self.log(f"wheels-{self.board.machine}"),
            )  # fmt: skip

        return self.cache.stage(
            f"wheels-{self.board.machine}", "", [requirements, platform, PYTHON], make
        )

    def system(self, tools: Tools, packages: Path, engine: Path | None) -> Path:
        """Make the tar of the whole root: packages, engine, and our own files."""
        wheels = self.wheels()
        hook = IMAGE / "hooks" / "finish-root"
        places = [
            *overlay.sources(PROJECT, self.board.name),
            (self.ids.overlay, ""),
            (wheels, overlay.PACKAGES),
        ]
        engines_root = [(engine, "/usr/lib/glovebox/engine")] if engine else []
        inputs: list[Input] = [
            packages.name, *(tar.name for tar, _ in engines_root), hook, IMAGE / "overlay.py",
        ]  # fmt: skip
        folders: list[Input] = [part for pair in places for part in pair]

        def make(target: Path) -> None:
            own = target.with_suffix(".own")
            overlay.write(own, places, int(SOURCE_DATE_EPOCH))
            try:
                tars = [(packages, "/"), *engines_root, (own, "/")]
                change(
                    tars, hook, {"TOOLS": str(tools.root)}, target, self.log(self.named("system"))
                )
            finally:
                discard(own)

        return self.cache.stage(self.named("system"), ".tar", [*inputs, *folders], make)

    def disk(self, tools: Tools, packages: Path, system: Path) -> Path:
        """Make the disk image of the board."""
        board = self.board
        settings = PROJECT / "config" / bootfiles.NAME
        inputs: list[Input] = [
            system.name, packages.name, tools.root.name, board.folder, settings,
            *(IMAGE / name for name in ("disk.py", "bootfiles.py", "firmware.py")),
        ]  # fmt: skip

        def make(target: Path) -> None:
            boot = target.with_suffix(".boot")
            discard(boot)
            bootfiles.write(boot, PROJECT)
            try:
                firmware.write(boot, packages, board)
                disk.make(tools, boot, system, board.layout, target, self.log(self.named("disk")))
            finally:
                discard(boot)

        return self.cache.stage(self.named("glovebox"), ".img", inputs, make)


def debian_keyring() -> Path:
    """Return the host's keyring of the Debian archive, which hosts that are not Debian have too."""
    found = sorted(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"))
    if not found:
        raise InputError("no debian-archive-keyring on this host: run `./build.sh setup`")
    return found[0]


def take_boot(packages: Path, target: Path) -> None:
    """Take kernel and initrd out of the root, for an emulator that loads them itself."""
    target.mkdir()
    disk.extract(packages, "./boot/vmlinuz-", target / "vmlinuz")
    disk.extract(packages, "./boot/initrd.img-", target / "initrd.img")


def unpack(tar: Path, target: Path, log: Path) -> None:
    """Unpack a root as the user that we are; device nodes stay out."""
    target.mkdir()
    owner = [] if os.geteuid() == 0 else ["--no-same-owner", "--no-same-permissions"]
    run(["tar", "-C", target, *owner, "--exclude=./dev/*", "-xf", tar], log)
