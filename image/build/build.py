"""Build a board's image from its roots and our files; each stage only if needed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from image.build import boot_partition, disk, firststage, overlay, owner_file
from image.build.boards import IMAGE, Board
from image.build.cache import Input, discard
from image.build.engines import Engine
from image.build.roots import SOURCE_DATE_EPOCH, change
from image.build.rootstages import RootStages
from image.build.stages import PROJECT
from image.build.tools import Tools
from image.command import run
from image.cuts import record

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


class Build(RootStages):
    """All stages of one board's image."""

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

        inputs: list[Input] = [image.name, packages.name, IMAGE / "build" / "firststage.py"]
        return self.cache.stage(self.named("boot-files"), "", inputs, make)

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
            packages.name, *(tar.name for tar, _ in engines_root), hook,
            IMAGE / "build" / "overlay.py",
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
        settings = PROJECT / "config" / owner_file.NAME
        inputs: list[Input] = [
            system.name, packages.name, tools.root.name, board.folder, settings,
            *(IMAGE / "build" / name for name in ("disk.py", "owner_file.py", "boot_partition.py")),
        ]  # fmt: skip

        def make(target: Path) -> None:
            boot = target.with_suffix(".boot")
            discard(boot)
            owner_file.write(boot, PROJECT)
            try:
                boot_partition.write(boot, packages, board)
                disk.make(tools, boot, system, board.layout, target, self.log(self.named("disk")))
            finally:
                discard(boot)

        return self.cache.stage(self.named("glovebox"), ".img", inputs, make)


def take_boot(packages: Path, target: Path) -> None:
    """Take kernel and initrd out of the root, for an emulator that loads them itself."""
    target.mkdir()
    disk.extract(packages, "./boot/vmlinuz-", target / "vmlinuz")
    disk.extract(packages, "./boot/initrd.img-", target / "initrd.img")
