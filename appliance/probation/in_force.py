# SPDX-License-Identifier: MIT
"""The network settings in force: what is kept of before and of a trial, and what is given now."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.probation import keeping
from appliance.probation.policy import SECTIONS, Choice, KeptNetwork, Tables, network
from appliance.probation.policy import choose as chosen


@dataclass(frozen=True)
class ProbationPlaces:
    """The folders of the settings and of this service on DATA, and where settings are handed on."""

    kept: Path = Path("/var/lib/glovebox/settings")
    ours: Path = Path("/var/lib/glovebox/probation")
    run: Path = Path("/run/glovebox-settings")

    @property
    def record(self) -> Path:
        return self.kept / keeping.RECORD

    @property
    def progress(self) -> Path:
        return self.ours / keeping.PROGRESS

    @property
    def on_trial(self) -> Path:
        return self.run / keeping.ON_TRIAL


@dataclass(frozen=True)
class InForce:
    """All settings, and what to tell the owner of those that are not as given."""

    tables: Tables = field(repr=False)
    problems: tuple[str, ...] = ()


def choose(
    tables: Tables,
    last: Tables,
    text: str,
    places: ProbationPlaces,
    keep: Callable[[bytes], bool],
) -> InForce:
    """Return the settings with the network that is in force, and hand a trial on.

    `tables` are all settings as given, `last` those of the last start; they are taken for good
    where an image of before has kept no others. `text` is what the owner wrote of the network,
    empty where it cannot be read. `keep` brings the record to the card for good, or tells that it
    could not: then nothing is tried.
    """
    before = keeping.read_record(places.record)
    known = before or KeptNetwork(network(last))
    digest = text and hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    progress = keeping.read_progress(places.progress)
    choice = chosen(known, progress, network(tables), digest, secrets.token_hex(8))
    if choice.record != known and not keep(keeping.record_to_json(choice.record)):
        return InForce(tables)
    _hand_on(choice, places)
    if not choice.came_back:
        return InForce(tables)
    rest = {name: table for name, table in tables.items() if name not in SECTIONS}
    return InForce({**rest, **choice.tables}, (_came_back(choice.came_back),))


def _hand_on(choice: Choice, places: ProbationPlaces) -> None:
    attempt = choice.record.attempt
    if choice.on_trial and attempt is not None:
        keeping.write_on_trial(keeping.on_trial(attempt, choice.record.good), places.on_trial)


def _came_back(sections: Sequence[str]) -> str:
    named = " and ".join(f"[{name}]" for name in sections)
    return (
        f"{named}: with these settings no gateway answered and nobody opened the page for ten"
        " minutes. Those that worked before are in force again. Correct them; to have the same ones"
        " tried once more, change anything in that section of glovebox.toml, if only a remark"
    )
