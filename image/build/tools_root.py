# SPDX-License-Identifier: MIT
"""The tools root: the programs of the build itself, alike on every host."""

from __future__ import annotations

from pathlib import Path

from image.build.boards import IMAGE
from image.build.cache import Input, discard
from image.build.context import BuildContext
from image.build.debian import SUITE, debian_keyring
from image.build.roots import Root, package_list
from image.build.tools import Tools
from image.build.unpack import unpack_programs

FOLDER = IMAGE / "toolsroot"


def build_tools(context: BuildContext) -> Tools:
    """Make the tools root where it is not there yet. Raises GloveboxError."""
    packages = package_list(FOLDER / "packages.txt")
    root = Root(SUITE, packages, mirror=context.mirror, keyring=debian_keyring())
    inputs: list[Input] = [*root.inputs, FOLDER, IMAGE / "build" / "tools.py"]

    def make(target: Path) -> None:
        tar = target.with_suffix(".tar")
        try:
            root.make(tar, context.log("tools"))
            unpack_programs(tar, FOLDER / "programs.txt", target, context.log("tools-unpack"))
        finally:
            discard(tar)

    return Tools(context.cache.stage("tools", "", inputs, make))
