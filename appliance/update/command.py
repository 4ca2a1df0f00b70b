# SPDX-License-Identifier: MIT
"""`glovebox update`: which systems the card has; install one, try it, keep it, go back."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from appliance import files
from appliance.errors import GloveboxError
from appliance.settings import boot_open
from appliance.update import boot_folder, rauc, switch
from appliance.update.systems_here import CardSystems, UpdatePlaces, look

UNIT = "glovebox-rauc.service"
BOOT_FILES = "boot.tar"


def main(argv: Sequence[str]) -> int:
    """Do what is asked; `--help` tells the exit statuses."""
    arguments = _parser().parse_args(argv)
    act: Callable[[argparse.Namespace], int] = arguments.act
    try:
        return act(arguments)
    except OSError as error:
        raise GloveboxError(f"{error.filename or 'BOOT'}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise GloveboxError(f"{error.cmd[0]} ended with status {error.returncode}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox update",
        description="The two systems of the card: install one from a bundle, try it, keep it.",
        epilog="Exit status: 0 done, 2 bad input, 7 BOOT is full, 1 it cannot be done.",
    )
    kinds = parser.add_subparsers(metavar="WHAT", required=True)
    for name, (act, told) in ACTIONS.items():
        kinds.add_parser(name, help=told, description=told).set_defaults(act=act)
    kinds.choices["status"].add_argument("--json", action="store_true", help="for programs")
    kinds.choices["install"].add_argument("bundle", type=Path, metavar="FILE")
    kinds.choices["backend"].add_argument("words", nargs="+", metavar="WORD")
    return parser


def _status(arguments: argparse.Namespace) -> int:
    told = described(look(UpdatePlaces()))
    print(json.dumps(told) if arguments.json else told["sentence"])
    return 0


def described(here: CardSystems) -> Mapping[str, object]:
    """Return what is told of a card's systems: by key, and in one sentence."""
    other = here.running.other
    if here.on_trial:
        told = f"System {here.running.name} is on trial; the next start is {here.kept.name} again."
    else:
        there = "is there too" if other in here.whole else "is empty"
        told = f"System {here.running.name} runs and is kept; {other.name} {there}."
    return {
        "running": here.running.name,
        "kept": here.kept.name,
        "on_trial": here.on_trial,
        "whole": sorted(each.name for each in here.whole),
        "sentence": told,
    }


def _install(arguments: argparse.Namespace) -> int:
    """Have RAUC check the bundle and write it; what it says goes through."""
    if look(UpdatePlaces()).on_trial:
        raise GloveboxError("this system is on trial: keep it or go back before the next update")
    subprocess.run(["systemctl", "start", UNIT], check=True)
    try:
        subprocess.run(["rauc", "install", arguments.bundle.absolute()], check=True)
    finally:
        subprocess.run(["systemctl", "stop", UNIT], check=True)
    return 0


def _try(arguments: argparse.Namespace) -> int:
    with boot_open.opened():
        switch.start_once(UpdatePlaces())
    return 0


def _keep(arguments: argparse.Namespace) -> int:
    with boot_open.opened():
        print(f"System {switch.keep(UpdatePlaces()).name} is kept.")
    return 0


def _back(arguments: argparse.Namespace) -> int:
    with boot_open.opened():
        print(f"The next start is system {switch.back(UpdatePlaces()).name}.")
    return 0


def _configure(arguments: argparse.Namespace) -> int:
    places = UpdatePlaces()
    names = rauc.compatible(rauc.OS_RELEASE.read_text())
    text = rauc.configuration(names, look(places).running, places.boot)
    files.write_whole(rauc.CONFIGURATION, text, 0o600)
    return 0


def _answer(arguments: argparse.Namespace) -> int:
    with boot_open.opened():
        told = rauc.answer(arguments.words, UpdatePlaces())
    if told:
        print(told)
    return 0


def _take_boot_files(arguments: argparse.Namespace) -> int:
    """Bring what the bundle has for BOOT there: RAUC says where the bundle is mounted."""
    places = UpdatePlaces()
    source = Path(os.environ["RAUC_BUNDLE_MOUNT_POINT"]) / BOOT_FILES
    other = look(places).running.other
    with boot_open.opened():
        boot_folder.write(source, places.boot, other, places.command_line.read_text())
    return 0


ACTIONS: Mapping[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "status": (_status, "which system runs, and which starts next"),
    "install": (_install, "check a bundle and write it into the other system"),
    "try": (_try, "start the other system once, now"),
    "keep": (_keep, "have the system that runs start from now on"),
    "back": (_back, "have the other system start from the next start on"),
    "configure": (_configure, "write RAUC's configuration (service)"),
    "backend": (_answer, "answer what RAUC asks of the boot loader (service)"),
    "take-boot-files": (_take_boot_files, "bring a bundle's files to BOOT (service)"),
}
