# SPDX-License-Identifier: MIT
"""Makes the folder of links to what is listed of a drive, where that is not all of it.

Drives share the room of the database: each takes what those before it and the card's own films
have left, and says how much of it is listed.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from appliance.films.shelves import Shelf, choose
from appliance.films.survey import survey
from appliance.reports.films import Listed, read_listed
from appliance.service import Stop

log = logging.getLogger(__name__)

# The card's own films, among those of drives.
MEDIA = "MEDIA"
# Beside the folder of films, which minidlna watches.
SHELVES = "shelves"


def shelf_of(device: str, films: Path) -> Path:
    """Return the folder of links for a drive."""
    return films.parent / SHELVES / device


def shelve(device: str, link: Path, stop: Stop, places: Path, runtime: Path, room: int) -> Path:
    """Choose what of a drive is listed; return what `link` shall lead to. Raises OSError."""
    drive = places / device
    with _alone(link.parent.parent):
        found = survey(drive, str(link), stop)
        shelf = choose(found, max(0, room - _taken(link.parent, device, stop, runtime)))
        told = Listed(device, shelf.listed, shelf.total, shelf.cost)
        try:
            told.publish(runtime)
        except OSError as error:
            log.warning("how much of %s is listed cannot be told: %s", device, error)
    if shelf.links == ("",):
        return drive
    return _made(shelf, drive, shelf_of(device, link.parent))


def forget(device: str, films: Path, runtime: Path) -> None:
    """Remove what `shelve` made for a drive. Raises OSError."""
    shutil.rmtree(shelf_of(device, films), ignore_errors=True)
    (runtime / f"{Listed.NAME}-{device}.json").unlink(missing_ok=True)


def _taken(films: Path, device: str, stop: Stop, runtime: Path) -> int:
    """Return what of the database the card's films and the other drives take."""
    card = survey(films / MEDIA, str(films / MEDIA), stop).cost
    return card + sum(each.cost for each in read_listed(runtime) if each.device != device)


def _made(shelf: Shelf, drive: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in shelf.links:
        link = folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(drive / path)
    return folder


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one drive after the other take its room."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
