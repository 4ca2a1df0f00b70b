# SPDX-License-Identifier: MIT
"""What an emulator starts a board with: kernel, initrd, device tree and command line."""

from __future__ import annotations

from pathlib import Path

from image.build import disk, firststage
from image.build.boards import IMAGE
from image.build.cache import Input
from image.build.context import BuildContext
from image.build.tools import Tools


def take_boot_files(context: BuildContext, tools: Tools, packages: Path, card: Path) -> Path:
    """Return a folder of them: from BOOT where the board takes them from there, too."""
    board = context.board

    def make(target: Path) -> None:
        if board.device_tree:
            log = context.log(context.named("boot"))
            firststage.take(tools, card, board.device_tree, target, log)
        else:
            take_from_packages(packages, target)
            (target / "cmdline").write_text(board.command_line)

    inputs: list[Input] = [card.name, packages.name, IMAGE / "build" / "firststage.py"]
    return context.cache.stage(context.named("boot-files"), "", inputs, make)


def take_from_packages(packages: Path, target: Path) -> None:
    """Take kernel and initrd out of the root, for an emulator that loads them itself."""
    target.mkdir()
    disk.extract(packages, "./boot/vmlinuz-", target / "vmlinuz")
    disk.extract(packages, "./boot/initrd.img-", target / "initrd.img")
