# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ids import handover
from appliance.ids.handover import Nothing, SpoolBatch, SpoolFile


def test_lag_counts_what_is_not_read() -> None:
    files = [SpoolFile(1, 0, Path("a"), 100), SpoolFile(2, 0, Path("b"), 50)]
    assert handover.lag(files, {"a": 30}) == 120
    assert handover.lag(files, {"a": 100, "b": 70}) == 0


def test_read_at_returns_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    assert handover.read_at(tmp_path / "a", 7, 10) == b"789"
    with pytest.raises(FileNotFoundError):
        handover.read_at(tmp_path / "b", 0, 1)


def test_nothing_hands_nothing_over() -> None:
    nothing = Nothing()
    assert nothing.read(nothing.files(), {}) == SpoolBatch()
