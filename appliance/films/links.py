# SPDX-License-Identifier: MIT
"""`glovebox films-drive`: puts a mounted drive among the films, and takes it away again.

minidlna watches the folder FILMS. It notices a link that comes and reads what is behind it, while
films that are being watched go on: nothing is restarted. While it starts it watches nothing yet
(appliance/films/watch.py): then the change is made at once, and again when it watches.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from appliance import service
from appliance.errors import GloveboxError, InputError
from appliance.films import drives, shelves, watch
from appliance.films.shelving import forget, shelf_of, shelve
from appliance.films.watch import Sight
from appliance.reports import statusfile
from appliance.service import Running, Stop

DIRECTORY = Path("/run/glovebox-films")
# One folder that never changes: minidlna begins anew, with every film to be read again, when the
# list of its folders does. MEDIA and drives come and go in it as links.
FILMS = DIRECTORY / "films"

DESCRIPTION = """\
Put the drive that systemd mounted at /run/media/DEVICE among the films, by its label, or take it
away again (glovebox-films-drive@.service)."""
EPILOG = "Exit status: 0 done; 1 the folder of films cannot be changed; 2 bad usage."
_DEVICE = re.compile("[a-z][a-z0-9]{1,30}")


def add(
    device: str,
    name: str,
    stop: Stop,
    films: Path = FILMS,
    places: Path = drives.PLACES,
    runtime: Path = statusfile.RUNTIME_DIRECTORY,
    room: int = shelves.ROOM,
) -> Path:
    """Link to the drive under a name that is free; return the link. One that is there stays.

    What is linked to is the drive, or a folder of links to what is listed of it. Returns when
    minidlna cannot miss it any more, or shall `stop`. Raises OSError.
    """
    there = _link_to(device, films, places)
    if there is not None:
        return there
    link = films / free_name(name, {each.name for each in films.iterdir()})
    target = shelve(device, link, stop, places, runtime, room)
    before = watch.look(films)
    link.symlink_to(target)
    if {before, watch.look(films)} != {Sight.WATCHING} and watch.wait(films, stop):
        _show_again(link)
    return link


def _show_again(link: Path) -> None:
    """Put a new link in place of one of which minidlna may know.

    It sees a link that comes, and none that goes: what it has read already, it keeps.
    """
    new = link.parent.with_suffix(f".{link.readlink().name}")
    new.unlink(missing_ok=True)
    new.symlink_to(link.readlink())
    new.replace(link)


def remove(
    device: str,
    stop: Stop,
    films: Path = FILMS,
    places: Path = drives.PLACES,
    runtime: Path = statusfile.RUNTIME_DIRECTORY,
) -> None:
    """Remove the link to the drive, if there is one; return when minidlna cannot miss it.

    minidlna forgets a folder with all that was in it when it sees a folder go; of a link that goes
    it forgets only the link. So a folder of the same name comes and goes, when it is watched. Until
    then no other drive gets that name. Raises OSError.
    """
    link = _link_to(device, films, places)
    if link is None:
        return
    link.unlink()
    forget(device, films, runtime)
    link.mkdir()
    try:
        watch.wait(films, stop)
    finally:
        link.rmdir()


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, or `name (2)` and so on where that is taken already."""
    if name not in taken:
        return name
    return next(numbered for n in itertools.count(2) if (numbered := f"{name} ({n})") not in taken)


def _link_to(device: str, films: Path, places: Path) -> Path | None:
    targets = (places / device, shelf_of(device, films))
    links = (each for each in films.iterdir() if each.is_symlink())
    return next((link for link in links if link.readlink() in targets), None)


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
    # Also one that is ended while it waits leaves no folder behind.
    stop = running.stop.install()
    try:
        if arguments.action == "remove":
            remove(device, stop)
        else:
            add(device, _name_of(device), stop)
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
