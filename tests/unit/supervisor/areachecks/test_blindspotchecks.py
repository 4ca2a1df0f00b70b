# SPDX-License-Identifier: MIT
"""Blind spots as the owner is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from appliance.reports.flows import BlindKind, BlindSpot, BlindSpotsReport, ComparedHour
from appliance.reports.levels import Level, Result
from appliance.supervisor.areachecks import blindspotchecks
from appliance.supervisor.history import History

SPOT = BlindSpot(BlindKind.NO_STREAM, 1, "192.168.88.9", 900 << 20, 0)


@dataclass
class _Look:
    found: BlindSpotsReport | None

    def report(self, kind: object) -> BlindSpotsReport | None:
        return self.found


@dataclass
class _Looks:
    now: _Look


def judged(*hours: ComparedHour) -> Result | None:
    looks = _Looks(_Look(BlindSpotsReport(1000.0, 0.0, 7, hours)))
    return blindspotchecks.blindspots(cast(History, looks))


def test_where_nothing_is_compared_nothing_is_judged() -> None:
    assert blindspotchecks.blindspots(cast(History, _Looks(_Look(None)))) is None
    assert judged() is None and judged(ComparedHour(0, 0, 5, 0)) is None


def test_the_last_hour_counts() -> None:
    blind, well = ComparedHour(0, 3, 5, 1, (SPOT,), 2), ComparedHour(3600, 3, 5, 5)
    found = judged(blind, well)
    assert found is not None and found.level is Level.OK and "agree on 3 hosts" in found.words
    found = judged(well, blind)
    assert found is not None and found.level is Level.WARN
    assert "nothing of 192.168.88.9" in found.words and "2 more such findings" in found.words
