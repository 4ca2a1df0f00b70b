# SPDX-License-Identifier: MIT
"""Days and months of the clock on the wall, where the clocks change, too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from appliance.flows import periods


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "begin"),
    [
        ("2026-11-30T05:00", "2026-11-29T23:00"),
        ("2026-11-30T22:59", "2026-11-29T23:00"),
        ("2026-11-30T23:00", "2026-11-30T23:00"),
        # The day on which the clocks go back has 25 hours.
        ("2026-10-25T22:30", "2026-10-24T22:00"),
    ],
)
def test_day(now: str, begin: str) -> None:
    assert periods.day(at(now)) == at(begin)


@pytest.mark.parametrize(
    ("now", "starts_on", "begin"),
    [
        ("2026-11-30T05:00", 1, "2026-10-31T23:00"),
        ("2026-11-10T05:00", 15, "2026-10-14T22:00"),
        ("2026-11-15T05:00", 15, "2026-11-14T23:00"),
        ("2026-01-03T05:00", 28, "2025-12-27T23:00"),
    ],
)
def test_month(now: str, starts_on: int, begin: str) -> None:
    assert periods.month(at(now), starts_on) == at(begin)


def test_zone_is_named() -> None:
    assert periods.zone(at("2026-11-30T05:00")) == "CET"
