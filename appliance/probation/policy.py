# SPDX-License-Identifier: MIT
"""Which network settings are in force: those that the owner gives, or the last that worked. Pure.

New ones are on trial until something shows that they work. Where nothing does within LIMIT_S, the
last ones that worked come back, and the same new ones are not tried again until the owner changes
their sections. Settings that take nothing away, as one more Wi-Fi network, need no trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.reports.probation import TrialEnd

Tables = dict[str, dict[str, Any]]

SECTIONS = ("wired", "wifi")
LIMIT_S = 600.0


@dataclass(frozen=True)
class NewNetwork:
    """Settings that were not yet known to work when they came.

    `name` is random: it goes where the settings, which hold passwords, must not. `text` is a digest
    of the sections as the owner wrote them, empty where they came from elsewhere.
    """

    name: str
    tables: Tables = field(repr=False)
    text: str = ""


@dataclass(frozen=True)
class KeptNetwork:
    """What lasts: the last settings that worked (none: the defaults), and what came after them."""

    good: Tables = field(default_factory=dict, repr=False)
    attempt: NewNetwork | None = None


@dataclass(frozen=True, slots=True)
class TrialProgress:
    """How far the trial of the attempt of that name is; `spent` in seconds that count."""

    attempt: str
    spent: float
    verdict: TrialEnd


@dataclass(frozen=True)
class Choice:
    """The settings in force, and what to keep.

    `on_trial`: they are to be watched. `came_back` names the sections that are not as given.
    """

    record: KeptNetwork
    tables: Tables = field(repr=False)
    on_trial: bool = False
    came_back: tuple[str, ...] = ()


def network(tables: Mapping[str, Mapping[str, Any]]) -> Tables:
    """Return the network settings among all; what says nothing is left out."""
    found = {
        name: {key: value for key, value in tables.get(name, {}).items() if value not in ("", [])}
        for name in SECTIONS
    }
    return {name: table for name, table in found.items() if table}


def choose(
    record: KeptNetwork, progress: TrialProgress | None, given: Tables, text: str, name: str
) -> Choice:
    """Decide between `given` and what worked before.

    `given` is as `network` returns it; `text` is the digest of the owner's sections, empty where
    they cannot be read just now; `name` is for a new attempt.
    """
    record = _settled(record, progress)
    back = returned(record.good, given)
    if back == given:
        return Choice(KeptNetwork(given), given)
    attempt = record.attempt
    if attempt is None or attempt.tables != given or (text and attempt.text != text):
        return Choice(KeptNetwork(record.good, NewNetwork(name, given, text)), given, on_trial=True)
    if _has_failed(attempt, progress):
        changed = tuple(each for each in SECTIONS if back.get(each) != given.get(each))
        return Choice(record, back, came_back=changed)
    return Choice(record, given, on_trial=True)


def returned(good: Tables, given: Tables) -> Tables:
    """Return what is in force where `given` failed.

    Fixed addresses are again as they were. Wi-Fi networks of before are joined as well as the new
    ones: those may only have been out of reach.
    """
    back = {"wired": good["wired"]} if "wired" in good else {}
    before, now = good.get("wifi", {}), given.get("wifi", {})
    known = now.get("networks", [])
    networks = [*known, *(each for each in before.get("networks", []) if each not in known)]
    wifi = {**now, **before, **({"networks": networks} if networks else {})}
    return {**back, **({"wifi": wifi} if wifi else {})}


def _settled(record: KeptNetwork, progress: TrialProgress | None) -> KeptNetwork:
    """Return the record in which an attempt that worked is the last good one."""
    attempt = record.attempt
    if attempt is None or progress is None or progress.attempt != attempt.name:
        return record
    return KeptNetwork(attempt.tables) if progress.verdict is TrialEnd.WORKS else record


def _has_failed(attempt: NewNetwork, progress: TrialProgress | None) -> bool:
    if progress is None or progress.attempt != attempt.name:
        return False
    return progress.verdict is TrialEnd.FAILED or progress.spent >= LIMIT_S
