# SPDX-License-Identifier: MIT
"""What the next generation would be made of: of each chosen set its new download, or what is kept.

A download that cannot be used leaves what was in force of its set where it is.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.renewal import set_archive
from appliance.renewal.generations import Generations
from appliance.renewal.set_archive import SetArchiveError
from appliance.renewal.set_reading import CLASS_FILE
from appliance.renewal.set_verdicts import SetVerdict, SetVerdictKind, SetVerdicts
from appliance.reports.rules import GenerationFacts
from appliance.ruleset.chosen_sets import ChosenSet
from appliance.ruleset.set_places import CLASSES

STAYS = (SetVerdictKind.HELD, SetVerdictKind.REFUSED, SetVerdictKind.BACK)


@dataclass
class Candidate:
    """Files of each set, by its name; `new` are the digests of downloads that are not in force."""

    sets: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def differs(self, force: GenerationFacts | None) -> bool:
        """Tell whether it is another than what is in force."""
        names = {each.name for each in force.sets} if force else set[str]()
        return bool(self.new) or names != self.sets.keys()


@dataclass(frozen=True)
class SetGathering:
    """Where downloads are, what was decided of them, and what is kept."""

    downloads: Path
    verdicts: SetVerdicts
    generations: Generations

    def gather(self, chosen: Sequence[ChosenSet], force: GenerationFacts | None) -> Candidate:
        """Look at all chosen sets; a download that is none gets its verdict. Raises OSError."""
        found = Candidate()
        for each in chosen:
            if each.source is not None:
                self._add(found, each.source.name, force)
        return found

    def digest(self, name: str) -> str:
        """Return the digest of the newest download of a set; empty where there is none."""
        content = self._download(name)
        return "" if content is None else hashlib.sha256(content).hexdigest()

    def _download(self, name: str) -> bytes | None:
        with contextlib.suppress(OSError):
            return (self.downloads / name).read_bytes()
        return None

    def _add(self, found: Candidate, name: str, force: GenerationFacts | None) -> None:
        before = next((each for each in force.sets if each.name == name), None) if force else None
        content = self._download(name)
        digest = hashlib.sha256(content).hexdigest() if content is not None else ""
        if content is not None and (before is None or before.digest != digest):
            files = self._unpacked(name, digest, content)
            if files is not None:
                found.sets[name], found.new[name] = files, digest
                return
        if force is not None and before is not None:
            found.sets[name] = self._kept(force.name, name)
            found.kept[name] = before.digest

    def _unpacked(self, name: str, digest: str, content: bytes) -> Mapping[str, bytes] | None:
        verdict = self.verdicts.of(name, digest)
        if verdict is not None and verdict.kind in STAYS:
            return None
        try:
            return set_archive.unpack(content)
        except SetArchiveError as error:
            refused = SetVerdict(digest, SetVerdictKind.REFUSED, str(error))
            self.verdicts.note(name, refused)
            return None

    def _kept(self, generation: str, name: str) -> Mapping[str, bytes]:
        read = self.generations.read
        found = {f"{name}.rules": read(generation, f"{name}.rules")}
        if classes := read(generation, CLASSES):
            found[CLASS_FILE] = classes
        return found
