# SPDX-License-Identifier: MIT
"""Rule sets, as the owner is told of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from appliance.reports.fetch import FetchReport
from appliance.reports.levels import Level
from appliance.reports.rules import RenewalReport, RuleSetStanding
from appliance.supervisor.areachecks import renewalchecks
from appliance.supervisor.history import History
from tests.unit.reports.test_fetch import WELL
from tests.unit.reports.test_rules import RENEWAL, STANDING

NOW = 1000.0


@dataclass
class _Moment:
    found: RenewalReport | None
    fetched: FetchReport | None = None
    time: float = NOW

    def report(self, kind: object) -> Any:
        return self.fetched if kind is FetchReport else self.found


@dataclass
class _Moments:
    now: _Moment


def judged(found: RenewalReport | None, fetched: FetchReport | None = None) -> Any:
    return renewalchecks.renewal(cast(History, _Moments(_Moment(found, fetched))))


def test_without_a_choice_there_is_nothing_to_judge() -> None:
    assert judged(None) is None
    assert judged(replace(RENEWAL, sets=())) is None


def test_rules_in_force_are_told() -> None:
    found = judged(RENEWAL)
    assert found.level is Level.OK and "100 rules" in found.words
    assert judged(replace(RENEWAL, in_force="")).level is Level.OK


@pytest.mark.parametrize(
    "standing",
    [replace(STANDING, trouble="it is a web page"), replace(STANDING, held="it is a web page")],
)
def test_what_waits_or_cannot_be_used_is_a_warning(standing: RuleSetStanding) -> None:
    found = judged(replace(RENEWAL, sets=(standing,)))
    assert found.level is Level.WARN and "it is a web page" in found.words


@pytest.mark.parametrize(("answered", "level"), [(0.0, Level.WARN), (900.0, Level.OK)])
def test_a_set_that_is_not_fetched_is_a_warning(answered: float, level: Level) -> None:
    late = replace(WELL, answered=answered, trouble="it answered 504")
    assert judged(RENEWAL, FetchReport(NOW, (), (late,))).level is level
