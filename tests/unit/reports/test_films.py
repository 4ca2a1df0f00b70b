# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.reports.films import (
    COPYING_STALE_S,
    TOLD_S,
    Condition,
    Copying,
    Films,
    Listed,
    PartitionCheck,
    read_listed,
)
from appliance.shape import from_json, to_json
from tests.web.reports import FILMS


def test_reports_are_read_back_as_they_were_published(tmp_path: Path) -> None:
    copying, check = Copying(1000.0, 90.5, "no key"), PartitionCheck(Condition.REPAIRED)
    copying.publish(tmp_path)
    check.publish(tmp_path)
    assert Copying.read(tmp_path) == copying
    assert PartitionCheck.read(tmp_path) == check
    assert from_json(Films, to_json(FILMS)) == FILMS


@pytest.mark.parametrize(
    ("left", "age", "minutes"),
    [(3600.0, 0.0, 60), (61.0, 1.0, 2), (1.0, 0.0, 1), (None, 0.0, None),
     (9.0, COPYING_STALE_S, 1), (9.0, COPYING_STALE_S + 0.001, None)],
    ids=["an hour", "begun", "the last", "closed", "at the limit", "old"],
)  # fmt: skip
def test_minutes_are_those_that_are_left(
    left: float | None, age: float, minutes: int | None
) -> None:
    assert Copying(1000.0, left).minutes(1000.0 + age) == minutes


def test_complaint_is_told_for_a_while() -> None:
    refused = Copying(1000.0, None, "no key")
    assert refused.complaint(1000.0 + TOLD_S) == "no key"
    assert refused.complaint(1001.0 + TOLD_S) == ""


def test_read_listed_returns_each_drive_that_can_be_read(tmp_path: Path) -> None:
    assert read_listed(tmp_path) == ()
    Listed("sdb1", 1, 2, 3).publish(tmp_path)
    Listed("sda1", 4, 5, 6).publish(tmp_path)
    (tmp_path / "films-drive-sdc1.json").write_text("{")
    assert read_listed(tmp_path) == (Listed("sda1", 4, 5, 6), Listed("sdb1", 1, 2, 3))
