"""Rates out of counters: windows, restarts, clocks that are set."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from appliance.web import reports
from appliance.web.rates import WINDOW, Meter, Rates
from appliance.web.reports import Report


def later(values: dict[str, Any], seconds: float, frames: int = 0, **changes: Any) -> Report:
    """Return the report `seconds` on, with `frames` more frames from the one router."""
    changed = copy.deepcopy(values)
    for counters in (changed, changed["sources"]["192.0.2.1"]):
        counters["datagrams_received"] += frames
        counters["frames_sent"] += frames
    return reports.parse(changed | {"updated": values["updated"] + seconds} | changes)


def test_add_knows_no_rate_from_one_report(values: dict[str, Any]) -> None:
    assert Meter().add(50.0, reports.parse(values)) == Rates()


def test_add_divides_by_the_time_between_reports(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    rates = meter.add(52.0, later(values, 2, frames=3000))
    assert rates.frames == 1500
    assert rates.sources == {"192.0.2.1": 1500}
    assert rates.lost == {}


def test_add_forgets_what_is_older_than_the_window(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(0.0, later(values, 0))
    for second in range(1, 30):
        # A burst in the first second, nothing since.
        rates = meter.add(float(second), later(values, second, frames=10_000))
        assert (rates.frames == 0) == (second > WINDOW)


def test_add_stands_still_while_no_new_report_comes(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    first = meter.add(51.0, later(values, 1, frames=100))
    assert meter.add(51.5, later(values, 1, frames=100)) == first


def test_add_ignores_a_report_that_was_overtaken(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    meter.add(51.0, later(values, 1, frames=100))
    newest = meter.add(52.0, later(values, 2, frames=400))
    assert newest.frames == 200
    assert meter.add(52.1, later(values, 1, frames=100)) == newest


def test_add_starts_anew_after_a_restart_of_the_receiver(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    restarted = later(values, 1, frames=5000, started=values["started"] + 100)
    assert meter.add(51.0, restarted).frames is None


def test_add_starts_anew_where_counters_shrink(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    assert meter.add(51.0, later(values, 1, frames=-500)).frames is None


@pytest.mark.parametrize("step", [86400, -86400])
def test_add_starts_anew_where_the_clock_was_set(values: dict[str, Any], step: float) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    assert meter.add(51.0, later(values, 1 + step, frames=1000)).frames is None
    assert meter.add(52.0, later(values, 2 + step, frames=2000)).frames == 1000


def test_add_counts_a_new_router_from_zero(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    more = copy.deepcopy(values)
    more["sources"]["192.0.2.9"] = more["sources"]["192.0.2.1"] | {"frames_sent": 10}
    assert meter.add(51.0, later(more, 1)).sources == {"192.0.2.9": 10}


def test_add_tells_drops_by_reason(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    dropped = values["dropped"] | {"oversize": values["dropped"]["oversize"] + 8}
    rates = meter.add(52.0, later(values, 2, dropped=dropped, keepalives=values["keepalives"] + 2))
    assert rates.lost == {"oversize": 4}
    assert rates.keepalives == 1


def test_add_tells_what_is_lost_before_it_comes_in(values: dict[str, Any]) -> None:
    meter = Meter()
    meter.add(50.0, later(values, 0))
    rates = meter.add(52.0, later(values, 2, socket_overflow=30, reassembly_failures=2))
    assert rates.lost == {"socket_overflow": 15, "reassembly_failures": 1}
