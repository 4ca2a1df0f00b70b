"""Build a board: tools root, engine root, packages, our files, disk; each stage only if needed."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from appliance.errors import GloveboxError, InputError
from image import boards, bootfiles, disk, emulation, engines, overlay
from image.boards import IMAGE, Board
from image.cache import Cache, Input, discard, locked
from image.command import run
from image.engines import Engine
from image.progress import Progress
from image.roots import SOURCE_DATE_EPOCH, Root, change, package_list
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
    disk: Path
    kernel: Path
    initrd: Path
    engine_root: Path | None


@dataclass(frozen=True)
class Build:
    """One board's stages; a mirror of None means mmdebstrap's own choice."""

    board: Board
    progress: Progress
    mirror: str | None = None
    ubuntu_mirror: str | None = None
    folder: Path = BUILD
    ids: Engine = Engine(engines.DEFAULT)

    @property
    def cache(self) -> Cache:
        return Cache(self.folder / "cache", self.progress)

    def log(self, stage: str) -> Path:
        return self.folder / "log" / f"{stage}.log"

    def named(self, stage: str) -> str:
        """Return the name of a stage that every image has for itself."""
        return f"{stage}-{self.board.title}{self.ids.suffix}"

    def image(self) -> Image:
        """Make what is missing and return the whole; one build at a time in a folder."""
        with locked(self.folder):
            (self.folder / "cache").mkdir(exist_ok=True)
            tools = self.tools()
            engine = self.engine(tools)
            system = self.system(tools, engine)
            boot = self.cache.stage(
                self.named("boot-files"), "", [system.name], partial(take_boot, system)
            )
            return Image(
                board=self.board,
                engine=self.ids,
                tools=tools,
                disk=self.disk(tools, system),
                kernel=boot / "vmlinuz",
                initrd=boot / "initrd.img",
                engine_root=self.engine_root(engine) if engine else None,
            )

    def engine_alone(self) -> Path:
        """Make what is missing of the engine's root and return it unpacked, for tests."""
        with locked(self.folder):
            (self.folder / "cache").mkdir(exist_ok=True)
            engine = self.engine(self.tools())
            if engine is None:
                raise InputError(f"{self.ids.name} has no root")
            return self.engine_root(engine)

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
            emulation.ensure(self.board.architecture, tools, self.log("emulation"))
            root.make(tar, self.log("engine"))

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

    def packages(self, tools: Tools) -> Path:
        """Make the tar of the board's packages, its initrd among them."""
        board = self.board
        root = Root(
            SUITE, board.packages, board.components, mirror=self.mirror,
            keyring=debian_keyring(), architecture=board.architecture,
        )  # fmt: skip
        inputs: list[Input] = [*root.inputs, board.early]

        def make(target: Path) -> None:
            early = target.with_suffix(".early")
            overlay.write(early, [(board.early, "")], int(SOURCE_DATE_EPOCH))
            hook = f"--essential-hook=tar-in {early} /"
            try:
                emulation.ensure(board.architecture, tools, self.log("emulation"))
                replace(root, hooks=(hook,)).make(target, self.log("packages"))
            finally:
                discard(early)

        return self.cache.stage(f"packages-{board.title}", ".tar", inputs, make)

    def device_programs(self) -> Tools:
        """Make what is missing of the board's packages and return them unpacked, for tests."""
        with locked(self.folder):
            (self.folder / "cache").mkdir(exist_ok=True)
            packages = self.packages(self.tools())
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
                self.log("wheels"),
            )  # fmt: skip

        return self.cache.stage(
            f"wheels-{self.board.machine}", "", [requirements, platform, PYTHON], make
        )

    def system(self, tools: Tools, engine: Path | None) -> Path:
        """Make the tar of the whole root: packages, engine, and our own files."""
        packages, wheels = self.packages(tools), self.wheels()
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
                change(tars, hook, target, self.log("system"))
            finally:
                discard(own)

        return self.cache.stage(self.named("system"), ".tar", [*inputs, *folders], make)

    def disk(self, tools: Tools, system: Path) -> Path:
        """Make the disk image of the board."""
        layout = self.board.layout
        settings = PROJECT / "config" / bootfiles.NAME
        inputs: list[Input] = [layout, settings, IMAGE / "disk.py", IMAGE / "bootfiles.py"]

        def make(target: Path) -> None:
            boot = target.with_suffix(".boot")
            discard(boot)
            bootfiles.write(boot, PROJECT)
            try:
                disk.make(tools, boot, system, layout, target, self.log("disk"))
            finally:
                discard(boot)

        inputs += [system.name, tools.root.name]
        return self.cache.stage(self.named("glovebox"), ".img", inputs, make)


def debian_keyring() -> Path:
    """Return the host's keyring of the Debian archive, which hosts that are not Debian have too."""
    found = sorted(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"))
    if not found:
        raise InputError("no debian-archive-keyring on this host: run `./build.sh setup`")
    return found[0]


def take_boot(system: Path, target: Path) -> None:
    """Take kernel and initrd out of the root, for an emulator that loads them itself."""
    target.mkdir()
    disk.extract(system, "./boot/vmlinuz-", target / "vmlinuz")
    disk.extract(system, "./boot/initrd.img-", target / "initrd.img")


def unpack(tar: Path, target: Path, log: Path) -> None:
    """Unpack a root as the user that we are; device nodes stay out."""
    target.mkdir()
    owner = [] if os.geteuid() == 0 else ["--no-same-owner", "--no-same-permissions"]
    run(["tar", "-C", target, *owner, "--exclude=./dev/*", "-xf", tar], log)


def parser() -> argparse.ArgumentParser:
    """Return the options that every command which builds an image has."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--board", choices=boards.names(), default="vm")
    options.add_argument("--flavour", help="of the board: whose kernel and firmware it has")
    options.add_argument(
        "--ids", choices=engines.names(), default=engines.DEFAULT, help="the engine (%(default)s)"
    )
    options.add_argument("--mirror", metavar="URL", help="Debian mirror (default: mmdebstrap's)")
    options.add_argument("--ubuntu-mirror", metavar="URL", help="mirror for Snort's packages")
    return options


def of(arguments: argparse.Namespace, progress: Progress) -> Build:
    """Return the build that the options of `parser` ask for. Raises InputError."""
    board = boards.choose(arguments.board, arguments.flavour)
    return Build(
        board,
        progress,
        arguments.mirror,
        arguments.ubuntu_mirror,
        ids=engines.choose(arguments.ids),
    )


def main(argv: Sequence[str]) -> int:
    """Build an image and say where it is."""
    arguments = argparse.ArgumentParser(
        prog="build.sh image",
        description="Build the image of a board. Stages that did not change are kept.",
        epilog="Exit status: 0 built, 6 no network, 7 disk full, 1 another failure, 130 Ctrl-C.",
        parents=[parser()],
    ).parse_args(argv)
    progress = Progress()
    try:
        image = of(arguments, progress).image()
    except GloveboxError as error:
        print(f"build.sh image: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("build.sh image: interrupted; finished stages are kept", file=sys.stderr)
        return 130
    print(image.disk)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
