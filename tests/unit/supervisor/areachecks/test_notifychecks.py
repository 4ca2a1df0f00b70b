# SPDX-License-Identifier: MIT
"""Messages as the owner is told of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from appliance.reports.levels import Level
from appliance.reports.notify import NotifyReport
from appliance.supervisor.areachecks import notifychecks
from appliance.supervisor.history import History
from tests.unit.reports.test_notify import LINE, QUEUE, WRITER

NOW = 100_000.0


@dataclass
class _Moment:
    found: NotifyReport | None
    time: float = NOW
    reports: object = None

    def report(self, kind: object) -> Any:
        return self.found


@dataclass
class _Moments:
    now: _Moment
    before: _Moment | None = None

    def ago(self, seconds: float) -> _Moment | None:
        return self.before


def history(found: NotifyReport | None, before: NotifyReport | None = None) -> History:
    return cast(History, _Moments(_Moment(found), _Moment(before) if before else None))


def test_without_a_channel_there_is_nothing_to_judge() -> None:
    assert notifychecks.notify(history(None)) is None
    assert notifychecks.notify(history(replace(WRITER, lines=(), queues=()))) is None


def test_all_is_well() -> None:
    found = notifychecks.notify(history(WRITER, replace(WRITER, updated=900.0)))
    assert (
        found is not None
        and found.level is Level.OK
        and found.words == "1 channel for messages, 1 collector."
    )


def test_silence_is_a_fault() -> None:
    found = notifychecks.notify(history(WRITER, WRITER))
    assert found is not None and found.level is Level.FAIL and found.remedy == notifychecks.UNIT


def test_a_channel_that_is_away_for_an_hour_is_told() -> None:
    away = replace(LINE, away_since=NOW - 7200, trouble="refused")
    found = notifychecks.notify(history(replace(WRITER, lines=(away,))))
    assert found is not None and found.level is Level.WARN
    assert "phone" in found.words and "2 h: refused" in found.words
    short = replace(away, away_since=NOW - 60)
    found = notifychecks.notify(history(replace(WRITER, lines=(short,))))
    assert found is not None and found.level is Level.OK


def test_a_collector_that_is_away_is_told() -> None:
    away = replace(QUEUE, away_since=NOW - 7200, trouble="refused", waiting=12)
    found = notifychecks.notify(history(replace(WRITER, queues=(away,))))
    assert found is not None and found.level is Level.WARN
    assert "vector" in found.words and "12 alerts wait" in found.advice


def test_a_store_that_cannot_be_read_is_told() -> None:
    found = notifychecks.notify(history(replace(WRITER, trouble="it is locked")))
    assert found is not None and found.level is Level.WARN and "it is locked" in found.words
