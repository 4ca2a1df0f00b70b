# SPDX-License-Identifier: MIT
"""Lines of logs as the owner is told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from appliance.reports.levels import Level
from appliance.reports.logs import LogSender
from appliance.supervisor.areachecks import logchecks
from appliance.supervisor.history import History
from appliance.supervisor.observations import Unknown
from tests.unit.reports.test_logs import REPORT
from tests.unit.supervisor.test_blockingchecks import _History, _Now

NOW = 1000.0


class _Past(_History):
    def oldest(self, seconds: float) -> _Now:
        return self.before or self.now


def history(before: _Now | None = None, **values: Any) -> History:
    now = _Now(NOW, replace(REPORT, **{"dropped": ()} | values))
    return cast(History, _Past(now, before))


def level(history: History) -> Level:
    found = logchecks.logs(history)
    assert found is not None
    return found.level


def test_without_senders_there_is_nothing_to_judge() -> None:
    assert logchecks.logs(cast(History, _Past(_Now(NOW, None)))) is None
    assert logchecks.logs(history(senders=())) is None


def test_silence_is_told_by_what_does_not_change() -> None:
    was = _Now(NOW - 30, REPORT)
    assert level(history(was)) is Level.FAIL
    assert level(history(_Now(NOW - 30, replace(REPORT, updated=970.0)))) is Level.OK
    assert level(history(_Now(NOW - 30, REPORT, Unknown("nobody looked")))) is Level.OK


@pytest.mark.parametrize(
    ("values", "wanted", "words"),
    [
        ({}, Level.OK, "10 lines"),
        ({"senders": (LogSender("192.168.88.1", 0, 0.0),)}, Level.OK, "No line"),
        ({"trouble": "No space left on device"}, Level.FAIL, "No space left"),
        ({"since": NOW - 200_000, "senders": (LogSender("192.168.88.1", 1, NOW - 90_000),)},
         Level.WARN, "for 1 d"),
        ({"received": 30, "dropped": (replace(REPORT.dropped[0], count=20),)}, Level.WARN,
         "not understood"),
        ({"received": 100, "dropped": (replace(REPORT.dropped[0], count=20),)}, Level.OK, "100"),
    ],
)  # fmt: skip
def test_what_is_said(values: dict[str, Any], wanted: Level, words: str) -> None:
    found = logchecks.logs(history(**values))
    assert found is not None and found.level is wanted and words in found.words


def test_lines_that_found_no_room_are_told_for_a_minute() -> None:
    before = _Now(NOW - 60, replace(REPORT, updated=940.0))
    assert level(history(before, lost=5)) is Level.WARN
    assert (
        level(history(_Now(NOW - 60, replace(REPORT, updated=940.0, lost=5)), lost=5)) is Level.OK
    )
    # Since a restart it counts anew.
    assert level(history(before, lost=5, since=700.0)) is Level.OK
