# SPDX-License-Identifier: MIT
"""The generations of rules on DATA: written whole as a folder, switched by a link, two kept.

Whenever the power goes, the link leads to a folder that is whole and stood its test.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import files, shape
from appliance.reports.rules import GenerationFacts
from appliance.ruleset import set_places

ABOUT = "about.json"
KEPT = 2
_NEW = ".new-"


@dataclass(frozen=True)
class Generations:
    """The folder of them."""

    folder: Path

    def facts(self, name: str) -> GenerationFacts | None:
        """Return what is in one; None where there is none of that name."""
        if not set_places.is_generation(name):
            return None
        with contextlib.suppress(OSError, ValueError):
            content = json.loads((self.folder / name / ABOUT).read_bytes())
            return shape.from_json(GenerationFacts, content)
        return None

    def listed(self) -> list[GenerationFacts]:
        """Return all that are there, the newest first."""
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return []
        found = [facts for name in names if (facts := self.facts(name)) is not None]
        return sorted(found, key=lambda each: each.made, reverse=True)

    def read(self, name: str, file: str) -> bytes:
        """Return a file of a generation; empty where there is none."""
        with contextlib.suppress(OSError):
            return (self.folder / name / file).read_bytes()
        return b""

    def write(self, content: Mapping[str, bytes], facts: GenerationFacts) -> None:
        """Write one of this name, whole and on the disk. Raises OSError."""
        self._clear()
        place = self.folder / facts.name
        about = json.dumps(shape.to_json(facts)).encode()
        if place.is_dir():
            # Its name is that of its content: only what is told of it is new.
            files.write_durable(place / ABOUT, about, 0o640)
            return
        new = self.folder / f"{_NEW}{facts.name}"
        new.mkdir(mode=0o750)
        for name, text in {**content, ABOUT: about}.items():
            files.write_durable(new / name, text, 0o640)
        new.rename(place)
        files.sync(self.folder)

    def switch(self, name: str) -> None:
        """Let the link lead to a generation; an empty name removes it. Raises OSError."""
        link = self.folder / set_places.IN_FORCE
        if not name:
            files.remove(link)
            return
        new = self.folder / f"{_NEW}link"
        new.unlink(missing_ok=True)
        new.symlink_to(name)
        new.replace(link)
        files.sync(self.folder)

    def forget(self, in_force: str) -> None:
        """Remove all but the one in force and the newest other. Raises OSError."""
        others = [each.name for each in self.listed() if each.name != in_force]
        for name in others[KEPT - 1 :]:
            self.remove(name)
        self._clear()

    def remove(self, name: str) -> None:
        """Remove a generation. Raises OSError."""
        if set_places.is_generation(name):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            files.sync(self.folder)

    def _clear(self) -> None:
        """Remove what a power cut left unfinished."""
        for left in self.folder.glob(f"{_NEW}*"):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def name_of(content: Mapping[str, bytes]) -> str:
    """Return the name of a generation with these files: the same for the same content."""
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(f"{name} {len(content[name])}\n".encode())
        digest.update(content[name])
    return f"g-{digest.hexdigest()[:16]}"


def texts(lines: bytes) -> Mapping[str, bytes]:
    """Return the rules of a written file by their numbers, to compare two generations."""
    found = {}
    for line in lines.splitlines():
        _, mark, rest = line.rpartition(b"sid:")
        if mark and not line.startswith(b"#"):
            found[rest.partition(b";")[0].strip().decode("ascii", "replace")] = line
    return found


def difference(before: Sequence[bytes], now: Sequence[bytes]) -> tuple[int, int, int]:
    """Return how many rules were added, changed and removed between two generations."""
    old, new = dict[str, bytes](), dict[str, bytes]()
    for content in before:
        old |= texts(content)
    for content in now:
        new |= texts(content)
    same = old.keys() & new.keys()
    changed = sum(old[number] != new[number] for number in same)
    return len(new) - len(same), changed, len(old) - len(same)
