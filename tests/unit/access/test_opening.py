# SPDX-License-Identifier: MIT
"""How long the first password can be set."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.access import opening
from appliance.access.opening import OPEN_S, Opening


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("appliance.access.opening.clocks.boottime", lambda: now[0])
    return now


def test_it_is_open_for_half_an_hour(tmp_path: Path, clock: list[float]) -> None:
    found = Opening(tmp_path)
    assert found.left() == OPEN_S
    clock[0] += OPEN_S - 1
    assert found.left() == 1.0
    clock[0] += 2
    assert found.left() == 0.0


def test_a_restart_opens_nothing_anew(tmp_path: Path, clock: list[float]) -> None:
    Opening(tmp_path)
    clock[0] += OPEN_S + 1
    assert Opening(tmp_path).left() == 0.0


@pytest.mark.parametrize("content", ["1e99", "nan", "9999999", "rubbish"])
def test_a_damaged_file_opens_no_longer(tmp_path: Path, clock: list[float], content: str) -> None:
    (tmp_path / opening.NAME).write_text(content)
    assert 0.0 <= Opening(tmp_path).left() <= OPEN_S


def test_without_a_folder_it_counts_from_the_start(clock: list[float]) -> None:
    found = Opening(Path("/proc/nowhere"))
    assert found.left() == OPEN_S
    clock[0] += OPEN_S
    assert found.left() == 0.0


def test_a_link_is_not_followed(tmp_path: Path, clock: list[float]) -> None:
    (tmp_path / opening.NAME).symlink_to(tmp_path / "elsewhere")
    Opening(tmp_path)
    assert not (tmp_path / "elsewhere").exists()
