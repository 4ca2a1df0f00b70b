# SPDX-License-Identifier: MIT
"""Which times of alerts count as those of a clock that was set."""

from __future__ import annotations

import pytest

from appliance.alerts.timing import NEVER, confirmed

NOW = 1_795_000_000.0
YEARS = 11 * 365 * 86400.0


def is_confirmed(time: float, clock_set: float | None = 40.0) -> bool:
    span = confirmed(clock_set, boottime=100.0, now=NOW)
    return span.first_us <= int(time * 1e6) <= span.last_us


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW - 60, True, id="when the clock was set"),
        pytest.param(NOW - 60.001, False, id="just before"),
        pytest.param(NOW - YEARS, False, id="with a clock years behind"),
        pytest.param(NOW + YEARS, False, id="with a clock years ahead"),
        pytest.param(5.0, False, id="in 1970"),
    ],
)
def test_confirmed_is_from_the_moment_when_the_clock_was_set(time: float, expected: bool) -> None:
    assert is_confirmed(time) is expected


def test_nothing_is_confirmed_before() -> None:
    assert confirmed(None, 100.0, NOW) == NEVER
    assert not is_confirmed(NOW, clock_set=None)
    assert not NEVER.first_us <= 0 <= NEVER.last_us
