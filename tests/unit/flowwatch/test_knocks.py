# SPDX-License-Identifier: MIT
"""Knocks by day and list, on DATA seldom."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.flowwatch.knocks import FILE_NAME, MOST_DAYS, WRITE_S, Knocks
from appliance.reports.intel import ListedKnocks

NOW = 1_795_996_800.0


def test_counts_by_day_and_list_last(tmp_path: Path) -> None:
    knocks = Knocks(tmp_path)
    knocks.add(["a", "b"], 3, NOW)
    knocks.add(["b"], 2, NOW + 1)
    knocks.add(["a"], 1, NOW + 86_400)
    expected = (
        ListedKnocks("2026-12-01", "a", 1), ListedKnocks("2026-11-30", "b", 5),
        ListedKnocks("2026-11-30", "a", 3),
    )  # fmt: skip
    assert knocks.all() == expected
    knocks.tick(0.0)
    assert Knocks(tmp_path).all() == expected


def test_the_card_is_spared(tmp_path: Path) -> None:
    knocks = Knocks(tmp_path)
    knocks.tick(0.0)
    assert not (tmp_path / FILE_NAME).exists()
    knocks.add(["a"], 1, NOW)
    knocks.tick(0.0)
    knocks.add(["a"], 1, NOW)
    knocks.tick(WRITE_S - 1)
    assert Knocks(tmp_path).all()[0].count == 1
    knocks.tick(WRITE_S)
    assert Knocks(tmp_path).all()[0].count == 2


def test_days_are_bounded(tmp_path: Path) -> None:
    knocks = Knocks(tmp_path)
    for day in range(MOST_DAYS + 5):
        knocks.add(["a"], 1, NOW + day * 86_400)
    assert len(knocks.all()) == MOST_DAYS and knocks.all()[-1].day == "2026-12-05"


@pytest.mark.parametrize("content", ["", "[]", "5", '{"a": 1}', '{"a": {"b": "x"}}'])
def test_a_broken_file_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert Knocks(tmp_path).all() == ()


def test_a_full_card_keeps_the_count(tmp_path: Path) -> None:
    knocks = Knocks(tmp_path / "none")
    knocks.add(["a"], 1, NOW)
    knocks.keep()
    assert knocks.all()[0].count == 1
