# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.reports.alerts import AlertStoreReport, GraveAlert
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.supervisor import storechecks, units
from appliance.supervisor.history import History
from tests.unit.supervisor.looks import NOW, history, look


def stores(*seen: tuple[float, AlertStoreReport]) -> History:
    return history(*(look(at, store=store) for at, store in seen))


def store(
    updated: float = NOW, stored: int = 5, lag: int = 0, error: str | None = None
) -> AlertStoreReport:
    return AlertStoreReport(updated, stored, stored, None, lag, 0, error)


def test_store_reports_wants_new_figures() -> None:
    fresh = stores((0, store()), (12, store(NOW + 12)))
    assert storechecks.store_reports(fresh).level is Level.OK
    stale = storechecks.store_reports(stores((0, store()), (12, store())))
    assert (stale.level, stale.remedy) == (Level.FAIL, units.STORE)
    once = storechecks.store_reports(stores((60, store())))
    assert (once.level, once.words) == (Level.UNKNOWN, "The alert store last reported 1 min ago.")


LARGE = 2 << 20


@pytest.mark.parametrize(
    ("seen", "level", "remedy"),
    [
        ([store(), store(), store()], Level.OK, None),
        ([store(), store(), store(error="no space is left")], Level.FAIL, None),
        ([store(lag=400), store(stored=6), store(lag=400, stored=7)], Level.OK, None),
        ([store(lag=400), store(lag=400), store(lag=900, stored=6)], Level.OK, None),
        ([store(lag=400), store(lag=400), store(lag=400)], Level.FAIL, units.STORE),
        ([store(lag=400), store(), store(lag=400)], Level.OK, None),
        ([store(lag=LARGE, stored=at) for at in (5, 6, 7)], Level.WARN, None),
        ([store(lag=LARGE - at, stored=at) for at in (5, 6, 7)], Level.OK, None),
    ],
    ids=["nothing waits", "error", "comes and goes", "busy", "stuck", "just came", "falls behind",
         "catches up"],
)  # fmt: skip
def test_storing_wants_alerts_to_get_into_the_database(
    seen: list[AlertStoreReport], level: Level, remedy: str | None
) -> None:
    result = storechecks.storing(stores(*zip((0, 2, 16, 32), [seen[0], *seen], strict=True)))
    assert (result.level, result.remedy) == (level, remedy)


def test_storing_goes_by_what_is_added_where_the_oldest_alerts_give_way() -> None:
    full = [(at, AlertStoreReport(NOW, 1000, 90 * int(at), None, 400, 0)) for at in range(0, 40, 2)]
    assert storechecks.storing(stores(*full)).level is Level.OK


@pytest.mark.parametrize(("rate", "level"), [(0, Level.OK), (50, Level.OK), (2000, Level.WARN)])
def test_flood_goes_by_the_rate(rate: int, level: Level) -> None:
    seen = [(float(at), store(NOW + at, stored=at * rate)) for at in range(0, 12, 2)]
    result = storechecks.flood(stores(*seen))
    assert result.level is level
    assert ("2,000 a second" in result.words) is (level is Level.WARN)


def test_flood_is_none_where_the_store_began_anew() -> None:
    seen = [(float(at), store(NOW + at, stored=10_000 - at)) for at in range(0, 12, 2)]
    assert storechecks.flood(stores(*seen)).level is Level.OK


def test_storing_gives_the_store_time() -> None:
    assert storechecks.storing(stores((0, store(lag=9)), (9, store(lag=9)))).level is Level.OK


@pytest.mark.parametrize(
    ("alarm", "state"),
    [
        (None, None),
        (GraveAlert(NOW - 120, "SCAN of something", "192.0.2.66"), State.ALERT),
        (GraveAlert(NOW - 601, "SCAN of something", "192.0.2.66"), None),
        (GraveAlert(NOW + 86400, "SCAN of something", "192.0.2.66"), None),
    ],
    ids=["none", "fresh", "old", "by a clock that was set back"],
)
def test_alarm_tells_of_fresh_ones(alarm: GraveAlert | None, state: State | None) -> None:
    result = storechecks.alarm(history(look(alarm=alarm)))
    assert (result.level, result.state) == (Level.OK, state)
    if state:
        assert "2 min ago: SCAN of something (from 192.0.2.66)" in result.words
