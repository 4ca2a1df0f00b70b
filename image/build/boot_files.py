# SPDX-License-Identifier: MIT
"""What an emulator starts a board with: kernel, initrd, device tree and command line."""

from __future__ import annotations

from pathlib import Path

from image.build import firststage
from image.build.boards import IMAGE
from image.build.cache import Input
from image.build.context import BuildContext
from image.build.tools import Tools


def take_boot_files(context: BuildContext, tools: Tools, card: Path) -> Path:
    """Return a folder of what the firmware would load from BOOT of a new card."""

    def make(target: Path) -> None:
        log = context.log(context.named("boot"))
        firststage.take(tools, card, context.board.device_tree, target, log)

    inputs: list[Input] = [card.name, IMAGE / "build" / "firststage.py"]
    return context.cache.stage(context.named("boot-files"), "", inputs, make)
