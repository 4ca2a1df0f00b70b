# SPDX-License-Identifier: MIT
"""A wish of the page travels as it is, and nothing else does."""

from __future__ import annotations

from pathlib import Path

from appliance.logs import wishes
from appliance.logs.wishes import DayWish


def test_a_day_travels_as_it_is(tmp_path: Path) -> None:
    box = wishes.inbox(tmp_path)
    box.folder.mkdir()
    box.post(DayWish("2026-11-30"))
    (box.folder / "00000000000000000001-00000000.json").write_text('{"day": ["2026-11-30"]}')
    assert wishes.inbox(tmp_path).take() == [DayWish("2026-11-30")]
