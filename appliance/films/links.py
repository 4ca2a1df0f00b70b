"""`glovebox films-drive`: puts a mounted drive among the films, and takes it away again.

minidlna watches the folder FILMS. It notices a link that comes and reads what is behind it, while
films that are being watched go on: nothing is restarted.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from appliance import service
from appliance.errors import GloveboxError, InputError
from appliance.films import drives
from appliance.service import Running

DIRECTORY = Path("/run/glovebox-films")
# One folder that never changes: minidlna begins anew, with every film to be read again, when the
# list of its folders does. MEDIA and drives come and go in it as links.
FILMS = DIRECTORY / "films"

DESCRIPTION = """\
Put the drive that systemd mounted at /run/media/DEVICE among the films, by its label, or take it
away again (glovebox-films-drive@.service)."""
EPILOG = "Exit status: 0 done; 1 the folder of films cannot be changed; 2 bad usage."
_DEVICE = re.compile("[a-z][a-z0-9]{1,30}")


def add(device: str, name: str, films: Path = FILMS, places: Path = drives.PLACES) -> Path:
    """Link to the drive under a name that is free; return the link. One that is there stays."""
    target = places / device
    there = _link_to(target, films)
    if there is not None:
        return there
    link = films / free_name(name, {each.name for each in films.iterdir()})
    link.symlink_to(target)
    return link


def remove(device: str, films: Path = FILMS, places: Path = drives.PLACES) -> None:
    """Remove the link to the drive, if there is one.

    minidlna forgets a folder with all that was in it when it sees a folder go; of a link that goes
    it forgets only the link. So a folder of the same name comes and goes.
    """
    link = _link_to(places / device, films)
    if link is not None:
        link.unlink()
        link.mkdir()
        link.rmdir()


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, or `name (2)` and so on where that is taken already."""
    if name not in taken:
        return name
    return next(numbered for n in itertools.count(2) if (numbered := f"{name} ({n})") not in taken)


def _link_to(target: Path, films: Path) -> Path | None:
    links = (each for each in films.iterdir() if each.is_symlink())
    return next((link for link in links if link.readlink() == target), None)


def main(argv: Sequence[str]) -> int:
    """Add or remove a drive; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox films-drive", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("action", choices=("add", "remove"))
    parser.add_argument("device", metavar="DEVICE", help="the kernel's name, as sda1")
    return service.run("films-drive", parser, argv, _change, settings=False, once=True)


def _change(running: Running) -> int:
    arguments = running.arguments
    device = arguments.device
    if not _DEVICE.fullmatch(device):
        raise InputError(f"{device!r}: expected a device's name as in /sys/class/block")
    try:
        if arguments.action == "remove":
            remove(device)
        else:
            add(device, _name_of(device))
    except OSError as error:
        raise GloveboxError(f"{error.filename}: {error.strerror}") from error
    return 0


def _name_of(device: str) -> str:
    try:
        known = drives.properties(drives.SYS / "class/block" / device)
    except OSError:
        # Pulled out already, or unknown to udev: the kernel's name does.
        known = {}
    return drives.name(known, device)
