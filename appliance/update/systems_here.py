# SPDX-License-Identifier: MIT
"""The systems of this card: which one runs, which one starts next, which ones are whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.errors import GloveboxError
from appliance.host import systems
from appliance.host.systems import System
from appliance.requests import BOOT

# config.txt is a few hundred bytes, an owner's perhaps some thousand.
LARGEST = 1 << 16
KERNEL, INITRD = "vmlinuz", "initrd.img"
OLDER = (
    "this card was written by an older image, which has one system alone: it cannot be renewed in"
    " place; write the card anew"
)


@dataclass(frozen=True)
class UpdatePlaces:
    """Where things are; tests have places of their own.

    `mailbox` stands for the firmware's in the emulated machine (image/machine/firmware.py), `vcio`
    is that of Raspberry Pi's kernel; Debian's has none.
    """

    boot: Path = BOOT
    command_line: Path = Path("/proc/cmdline")
    mailbox: Path = Path("/dev/virtio-ports/glovebox.firmware-mailbox")
    vcio: Path = Path("/dev/vcio")


@dataclass(frozen=True)
class CardSystems:
    """The system that runs, and the one that any start chooses that is no trial."""

    running: System
    kept: System
    whole: frozenset[System]

    @property
    def on_trial(self) -> bool:
        return self.running != self.kept


def look(places: UpdatePlaces) -> CardSystems:
    """Return what this card has. Raises GloveboxError on a card that cannot be renewed in place."""
    try:
        kept = systems.named(read(places.boot / systems.CONFIG))
        running = systems.running(places.command_line.read_text())
    except OSError as error:
        raise GloveboxError(f"BOOT cannot be read: {error.strerror}") from error
    if kept is None or running is None:
        raise GloveboxError(OLDER)
    whole = frozenset(each for each in systems.BOTH if is_whole(places.boot, each))
    return CardSystems(running, kept, whole)


def is_whole(boot: Path, system: System) -> bool:
    """Tell whether a system's folder on BOOT has what the firmware needs to start it.

    Its command line is written last (appliance/update/boot_folder.py), so with it all is there.
    """
    folder = boot / system.name
    try:
        line = (boot / system.command_line).read_text(errors="replace")
        sizes = [(folder / name).stat().st_size for name in (KERNEL, INITRD)]
    except OSError:
        return False
    return systems.running(line) == system and all(sizes)


def read(file: Path) -> bytes:
    """Return a small file of BOOT. Raises OSError."""
    with file.open("rb") as stream:
        return stream.read(LARGEST)
