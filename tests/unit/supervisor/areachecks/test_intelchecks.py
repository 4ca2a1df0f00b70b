# SPDX-License-Identifier: MIT
"""Lists, and the search for what is on them, as the owner is told of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from appliance.reports.fetch import FetchReport
from appliance.reports.intel import IntelListsReport, IntelReport, ListStanding
from appliance.reports.levels import Level
from appliance.supervisor.areachecks import intelchecks
from appliance.supervisor.history import History
from appliance.supervisor.observations import Unknown
from tests.unit.reports.test_fetch import WELL
from tests.unit.reports.test_intel import FACTS, LISTS, REPORT

NOW = 1000.0


@dataclass
class _Moment:
    found: IntelReport | None
    lists: IntelListsReport | None = LISTS
    time: float = NOW
    reports: object = None

    def report(self, kind: object) -> Any:
        return self.lists if kind is IntelListsReport else self.found


@dataclass
class _Moments:
    now: _Moment
    before: _Moment | None = None

    def ago(self, seconds: float) -> _Moment | None:
        return self.before

    def oldest(self, seconds: float) -> _Moment:
        return self.before or self.now


def history(
    found: IntelReport | None = REPORT,
    lists: IntelListsReport | None = LISTS,
    before: _Moment | None = None,
) -> History:
    return cast(History, _Moments(_Moment(found, lists), before))


def test_without_lists_there_is_nothing_to_judge() -> None:
    assert intelchecks.intel(history(None)) is None
    assert intelchecks.intel(history(lists=None)) is None
    assert intelchecks.intel(history(lists=IntelListsReport(1.0, ()))) is None


def test_silence_is_told_by_what_does_not_change() -> None:
    earlier = replace(REPORT, updated=970.0)
    for before, level in (
        (_Moment(REPORT), Level.FAIL),
        (_Moment(earlier), Level.OK),
        (_Moment(REPORT, reports=Unknown("nobody looked")), Level.OK),
    ):
        found = intelchecks.intel(history(before=before))
        assert found and found.level is level


@pytest.mark.parametrize(
    ("found", "standing", "level", "words"),
    [
        ({}, {}, Level.OK, "2 names and networks are looked for; 5 hits"),
        ({"trouble": "tzsp0: No such device"}, {}, Level.FAIL, "tzsp0: No such device"),
        ({}, {"trouble": "a web page, not a list"}, Level.WARN, "cannot be used: a web page"),
        ({}, {"held": "it lost more than half"}, Level.WARN, "waits for you"),
    ],
)
def test_what_is_said(
    found: dict[str, Any], standing: dict[str, Any], level: Level, words: str
) -> None:
    lists = IntelListsReport(1.0, (replace(ListStanding("a.txt", FACTS), **standing),))
    said = intelchecks.intel(history(replace(REPORT, **found), lists))
    assert said and said.level is level and words in said.words


def test_frames_that_found_no_room_are_told_for_a_minute() -> None:
    lossy, before = replace(REPORT, lost=7), _Moment(replace(REPORT, updated=940.0))
    found = intelchecks.intel(history(lossy, before=before))
    assert found and found.level is Level.WARN and "7 frames" in found.words
    same = _Moment(replace(lossy, updated=940.0))
    assert cast(Any, intelchecks.intel(history(lossy, before=same))).level is Level.OK
    # Since a restart it counts anew.
    anew = replace(lossy, since=990.0)
    assert cast(Any, intelchecks.intel(history(anew, before=before))).level is Level.OK


@dataclass
class _FetchMoment:
    found: FetchReport | None
    time: float = NOW

    def report(self, kind: object) -> Any:
        assert kind is FetchReport
        return self.found


def fetched(found: FetchReport | None, now: float = NOW) -> Any:
    return intelchecks.fetch(cast(History, _Moments(cast(Any, _FetchMoment(found, now)))))


def test_without_lists_of_the_internet_there_is_nothing_to_judge() -> None:
    assert fetched(None) is None
    assert fetched(FetchReport(NOW, ())) is None


@pytest.mark.parametrize(
    ("changed", "now", "level", "words"),
    [
        ({}, NOW, Level.OK, "1 list of the Internet"),
        ({"trouble": "it answered 500"}, NOW, Level.OK, "1 list"),
        ({"trouble": "it answered 500"}, NOW + 3 * 86400, Level.WARN, "for 3 d"),
        ({"trouble": "it answered 500", "answered": 0.0}, NOW, Level.WARN, "yet: it answered 500"),
    ],
)
def test_a_list_that_is_not_renewed_is_told(
    changed: dict[str, Any], now: float, level: Level, words: str
) -> None:
    said = fetched(FetchReport(NOW, (replace(WELL, **changed),)), now)
    assert said.level is level and words in said.words
