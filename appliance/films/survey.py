# SPDX-License-Identifier: MIT
"""Looks through a drive: how many media files are where, and what they take of the database."""

from __future__ import annotations

import os
from pathlib import Path

from appliance.films.shelves import DELETED, DriveFolder, cost_of
from appliance.service import Stop

# Whatever somebody made on a drive: beyond this nothing is looked at, and nothing listed.
DEEPEST = 40
MOST_FILES = 1_000_000


def survey(drive: Path, shown: str, stop: Stop) -> DriveFolder:
    """Return what is on a drive; `shown` is the path by which minidlna will know it.

    What cannot be read is left out. Ends early where it shall `stop`.
    """
    return _Survey(stop).look(drive, "", os.fsencode(shown), 0)


class _Survey:
    def __init__(self, stop: Stop) -> None:
        self._stop, self._files = stop, 0

    def look(self, place: Path, name: str, shown: bytes, depth: int) -> DriveFolder:
        """Look at a folder and all below."""
        found = DriveFolder(name)
        for entry in self._entries(place):
            below = shown + b"/" + os.fsencode(entry.name)
            if not entry.is_dir(follow_symlinks=False):
                if entry.is_file(follow_symlinks=False):
                    self._files += 1
                    found.add(entry.name, cost_of(below, entry.name))
            elif depth == 0 and DELETED.fullmatch(entry.name):
                # One without media need not be hidden: nearly every stick has such a folder.
                lost = self.look(place / entry.name, entry.name, below, depth + 1)
                found.has_deleted = found.has_deleted or lost.count > 0
            elif depth < DEEPEST:
                found.adopt(self.look(place / entry.name, entry.name, below, depth + 1))
        return found

    def _entries(self, place: Path) -> list[os.DirEntry[str]]:
        """Return what minidlna would look at, by name."""
        if self._stop or self._files >= MOST_FILES:
            return []
        try:
            with os.scandir(place) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError:
            return []
        return sorted(found, key=lambda entry: entry.name)
