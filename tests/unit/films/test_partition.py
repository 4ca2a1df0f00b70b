"""What is known of MEDIA, from the mount table and from status files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.films import partition
from appliance.films.partition import STALE_S, Condition, Copying, Partition
from appliance.reports import statusfile

MOUNTED = "36 30 179:4 / /media/glovebox rw,nosuid shared:9 - exfat /dev/mmcblk0p4 {},uid=999\n"


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text("")
    return file


def test_look_where_nothing_is(tmp_path: Path, mounts: Path) -> None:
    assert partition.look(tmp_path, mounts) == Partition(None, None, None)


def test_look_reads_what_is_published(tmp_path: Path, mounts: Path) -> None:
    told = Copying(100.0, 90.5)
    statusfile.publish("films-copying", told.as_json(), tmp_path)
    statusfile.publish("films-check", {"condition": Condition.REPAIRED}, tmp_path)
    mounts.write_text(MOUNTED.format("rw"))
    assert partition.look(tmp_path, mounts) == Partition(True, told, Condition.REPAIRED)


@pytest.mark.parametrize(
    "values", [{}, {"updated": "now"}, {"updated": 1.0, "left": -1}, {"condition": "odd"}]
)
def test_look_takes_nothing_that_does_not_fit(
    values: dict[str, Any], tmp_path: Path, mounts: Path
) -> None:
    statusfile.publish("films-copying", values, tmp_path)
    statusfile.publish("films-check", values, tmp_path)
    mounts.write_text(MOUNTED.format("ro"))
    assert partition.look(tmp_path, mounts) == Partition(False, None, None)


@pytest.mark.parametrize(
    ("left", "age", "minutes"),
    [(3600.0, 0.0, 60), (61.0, 1.0, 2), (1.0, 0.0, 1), (None, 0.0, None), (9.0, STALE_S + 1, None)],
    ids=["an hour", "begun", "the last", "closed", "old"],
)
def test_minutes_are_those_that_are_left(
    left: float | None, age: float, minutes: int | None
) -> None:
    assert Copying(1000.0, left).minutes(1000.0 + age) == minutes
