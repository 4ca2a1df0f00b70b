"""The roots of a build: tools, packages, engine; packed for the image, unpacked for this host."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from appliance.errors import InputError
from image.build import archive, emulation, overlay
from image.build.boards import IMAGE
from image.build.cache import Input, discard
from image.build.roots import NO_BYTE_CODE, SOURCE_DATE_EPOCH, Root, package_list
from image.build.stages import Stages
from image.build.tools import Tools, make_runnable
from image.command import run

SUITE = "trixie"


class RootStages(Stages):
    """The stages that make roots, each only if needed."""

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
        inputs: list[Input] = [*root.inputs, IMAGE / "toolsroot", IMAGE / "build" / "tools.py"]

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

    def engine_alone(self) -> Path:
        """Make what is missing of the engine's root and return it unpacked, for tests."""
        engine = self.engine(self.tools())
        if engine is None:
            raise InputError(f"{self.ids.name} has no root")
        return self.engine_root(engine)

    def device_programs(self) -> Tools:
        """Make what is missing of the board's packages and return them unpacked, for tests."""
        packages = self.packages(self.tools(), self.archive_key())
        programs = IMAGE / "programs.txt"

        def make(target: Path) -> None:
            unpack(packages, target, self.log("packages-unpack"))
            (target / "run").mkdir(exist_ok=True)
            shutil.copy(programs, target / "run" / "programs")
            make_runnable(target)

        inputs: list[Input] = [packages.name, programs, IMAGE / "build" / "tools.py"]
        return Tools(self.cache.stage("packages-root", "", inputs, make))


def debian_keyring() -> Path:
    """Return the host's keyring of the Debian archive, which hosts that are not Debian have too."""
    found = sorted(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"))
    if not found:
        raise InputError("no debian-archive-keyring on this host: run `./build.sh setup`")
    return found[0]


def unpack(tar: Path, target: Path, log: Path) -> None:
    """Unpack a root as the user that we are; device nodes stay out."""
    target.mkdir()
    owner = [] if os.geteuid() == 0 else ["--no-same-owner", "--no-same-permissions"]
    run(["tar", "-C", target, *owner, "--exclude=./dev/*", "-xf", tar], log)
