# SPDX-License-Identifier: MIT
"""RAUC's configuration, and what it asks of the boot loader (manual: custom bootloader backend).

RAUC checks a bundle and writes the other partition. It starts nothing: `activate-installed` is off,
and what it may change of BOOT is that the other system is not whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from appliance.errors import GloveboxError, InputError
from appliance.host import systems
from appliance.host.systems import System
from appliance.update import boot_folder
from appliance.update.systems_here import CardSystems, UpdatePlaces, look

RUN = Path("/run/glovebox-update")
CONFIGURATION = RUN / "system.conf"
HELPERS = Path("/usr/lib/glovebox")
OS_RELEASE = Path("/usr/lib/os-release")
VARIANT = re.compile(r"^VARIANT_ID=([a-z0-9-]+)$", re.MULTILINE)


def compatible(os_release: str) -> str:
    """Return which bundles this machine takes: board and flavour. Raises GloveboxError."""
    found = VARIANT.search(os_release)
    if found is None:
        raise GloveboxError("this image does not say for which board it is")
    return f"glovebox-{found[1]}"


def configuration(names: str, running: System, boot: Path) -> str:
    """Return RAUC's system.conf; bundles are those of the running system's keyring."""
    slots = "".join(
        f"\n[slot.rootfs.{number}]\ndevice=/dev/glovebox/part{system.partition}\ntype=ext4\n"
        f"bootname={system.name}\n"
        for number, system in enumerate(systems.BOTH)
    )
    return (
        f"[system]\ncompatible={names}\nbootloader=custom\nbundle-formats=verity\n"
        f"activate-installed=false\nmountprefix={RUN}/mount\ndata-directory={RUN}/rauc\n"
        f"\n[keyring]\npath={boot}/{running.folder}{systems.KEYRING}\n"
        f"\n[handlers]\nbootloader-custom-backend={HELPERS}/rauc-backend\n"
        f"post-install={HELPERS}/rauc-post-install\n{slots}"
    )


def answer(words: Sequence[str], places: UpdatePlaces) -> str:
    """Return what RAUC is told; empty where it only wants something done.

    BOOT must take writes. Raises InputError for what it may not ask, GloveboxError, OSError.
    """
    here = look(places)
    match list(words):
        case ["get-primary"]:
            return here.kept.name
        case ["get-current"]:
            return here.running.name
        case ["get-state", name]:
            return "good" if _system(name) in here.whole else "bad"
        case ["set-state", name, "bad"]:
            _discard(_system(name), here, places.boot)
        case ["set-state", name, "good"] if _system(name) in here.whole:
            pass
        case _:
            raise InputError(f"RAUC may not ask for {' '.join(words)!r}")
    return ""


def _discard(system: System, here: CardSystems, boot: Path) -> None:
    """Have a system that is about to be written over not be whole. Raises InputError."""
    if system in (here.running, here.kept):
        raise InputError("the system that runs or is kept is never written over")
    boot_folder.clear(boot, system)


def _system(name: str) -> System:
    for system in systems.BOTH:
        if system.name == name:
            return system
    raise InputError(f"no system {name!r}")
