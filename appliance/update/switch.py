# SPDX-License-Identifier: MIT
"""Which system starts: once, for a trial; from now on, when it is kept; the one of before.

A trial changes nothing that a start without the flag reads: any power cut ends it, and none is
counted. What is kept changes one byte of config.txt in place, which is within one sector: a card
has the old one or the new one, never both and never none.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from appliance import files
from appliance.errors import GloveboxError
from appliance.host import systems
from appliance.host.systems import System
from appliance.update.systems_here import CardSystems, UpdatePlaces, look, read

# What reboot(8) is told on a Pi with Raspberry Pi's kernel: partition 0 is the usual one.
REBOOT_ARGUMENT = "0 tryboot"
FLAG = b"tryboot\n"
NO_FLAG = (
    "a trial needs the firmware's one-shot flag, which Debian's kernel cannot set on a Pi: use the"
    " flavour raspios"
)


def start_once(places: UpdatePlaces, reboot: Callable[[Sequence[str]], None] | None = None) -> None:
    """Have the other system start once, and restart the machine. Raises GloveboxError, OSError."""
    reboot = reboot or _reboot
    here = look(places)
    other = here.running.other
    _refuse_on_trial(here)
    if other not in here.whole:
        raise GloveboxError("there is no other system that could be tried: install one first")
    words = _words_for_trial(places)
    config = read(places.boot / systems.CONFIG)
    trial = systems.naming(config, other)
    files.write_durable(places.boot / systems.TRIAL_CONFIG, trial, 0o600)
    if places.mailbox.exists():
        places.mailbox.write_bytes(FLAG)
    reboot(words)


def keep(places: UpdatePlaces) -> System:
    """Have the system that runs start from now on; return it. Raises GloveboxError, OSError."""
    here = look(places)
    if here.on_trial:
        _choose(places.boot, here.running)
    return here.running


def back(places: UpdatePlaces) -> System:
    """Have the system of before start from now on; return it. Raises GloveboxError, OSError.

    On a trial that is what a restart does anyway.
    """
    here = look(places)
    if here.on_trial:
        return here.kept
    other = here.running.other
    if other not in here.whole:
        raise GloveboxError("there is no other system to go back to")
    _choose(places.boot, other)
    return other


def _choose(boot: Path, system: System) -> None:
    config = boot / systems.CONFIG
    files.change_in_place(config, systems.naming(read(config), system))
    files.remove(boot / systems.TRIAL_CONFIG)


def _refuse_on_trial(here: CardSystems) -> None:
    if here.on_trial:
        raise GloveboxError("this system is on trial itself: keep it or go back first")


def _words_for_trial(places: UpdatePlaces) -> list[str]:
    """Return what systemctl is told, by the way to the firmware. Raises GloveboxError."""
    if places.mailbox.exists():
        return ["reboot"]
    if places.vcio.exists():
        return ["reboot", f"--reboot-argument={REBOOT_ARGUMENT}"]
    raise GloveboxError(NO_FLAG)


def _reboot(words: Sequence[str]) -> None:
    """Restart by systemd itself: there is no logind, of which systemctl complains first."""
    subprocess.run(["systemctl", "--no-block", *words], check=True, stderr=subprocess.DEVNULL)
