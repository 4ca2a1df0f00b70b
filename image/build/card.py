# SPDX-License-Identifier: MIT
"""The card's content: the disk image of a board, with its partitions BOOT, ROOT and DATA."""

from __future__ import annotations

from pathlib import Path

from image.build import boot_partition, disk, owner_file
from image.build.boards import IMAGE
from image.build.cache import Input, discard
from image.build.context import PROJECT, BuildContext
from image.build.tools import Tools

# What makes the disk: a change in one of them makes it anew.
MAKERS = ("card.py", "disk.py", "owner_file.py", "boot_partition.py", "partition_table.py")


def build_card(context: BuildContext, tools: Tools, packages: Path, system: Path) -> Path:
    """Make the disk image out of the whole root `system` and the boot files in `packages`."""
    board = context.board
    inputs: list[Input] = [
        system.name, packages.name, tools.root.name, board.folder,
        PROJECT / "config" / owner_file.NAME, context.keyring.decode(),
        *(IMAGE / "build" / name for name in MAKERS),
    ]  # fmt: skip

    def make(target: Path) -> None:
        boot = target.with_suffix(".boot")
        discard(boot)
        owner_file.write(boot, PROJECT)
        try:
            boot_partition.write(boot, packages, board, context.keyring)
            log = context.log(context.named("disk"))
            disk.make(tools, boot, system, board.layout, target, log)
            if board.device_tree is None:
                disk.extend(target)
        finally:
            discard(boot)

    return context.cache.stage(context.named("glovebox"), ".img", inputs, make)
