# SPDX-License-Identifier: MIT
"""BOOT of a card with two systems, in a folder."""

from __future__ import annotations

from pathlib import Path

from appliance.host import systems
from appliance.host.systems import System
from appliance.update.systems_here import UpdatePlaces
from image.build import boards

SIGNATURE = "0badcafe"
LINE = boards.choose("vm").command_line


def line_of(system: System) -> str:
    """Return the command line of a system on this card."""
    return systems.command_line_of(system, LINE, SIGNATURE)


def add(boot: Path, system: System) -> None:
    """Add a whole system to BOOT."""
    folder = boot / system.name
    folder.mkdir(exist_ok=True)
    (folder / "vmlinuz").write_text("kernel")
    (folder / "initrd.img").write_text("initrd")
    (boot / system.command_line).write_text(line_of(system))


def card(folder: Path, *whole: System, running: System = systems.A) -> UpdatePlaces:
    """Make a new card, with the systems of `whole`, one of which runs."""
    boot = folder / "boot"
    boot.mkdir()
    config = boards.BOARDS / "vm/boot/config.txt"
    (boot / systems.CONFIG).write_bytes(config.read_bytes())
    for system in whole:
        add(boot, system)
    (folder / "cmdline").write_text(line_of(running) + "\n")
    return UpdatePlaces(boot, folder / "cmdline", folder / "mailbox", folder / "vcio")
