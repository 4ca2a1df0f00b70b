# SPDX-License-Identifier: MIT
"""The list of log-ins and wrong passwords."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from appliance import files
from appliance.access import entries
from appliance.access.entries import LINES, MOST, Entries
from appliance.access.vault import Vault


@pytest.fixture
def kept(tmp_path: Path) -> Entries:
    return Entries(Vault(tmp_path))


def test_log_ins_are_listed_with_address_and_time(kept: Entries, tmp_path: Path) -> None:
    kept.came_in("192.0.2.1")
    kept.failed("192.0.2.2")
    kept.failed("192.0.2.2")
    kept.came_in("192.0.2.3")
    found = [(each.address, each.is_right, each.count) for each in kept.now().entries]
    assert found == [("192.0.2.1", True, 1), ("192.0.2.2", False, 2), ("192.0.2.3", True, 1)]
    assert all(each.first <= each.last for each in kept.now().entries)
    assert Entries(Vault(tmp_path)).now() == kept.now()


def test_nothing_grows_and_nothing_is_uncounted(kept: Entries) -> None:
    kept.came_in("192.0.2.1")
    for number in range(500):
        kept.failed(f"10.0.{number // 250}.{number % 250}" + "x" * 500)
    found = kept.now()
    wrong = [each for each in found.entries if not each.is_right]
    assert len(wrong) == MOST
    assert sum(each.count for each in wrong) + found.others == 500
    assert [each.address for each in found.entries if each.is_right] == ["192.0.2.1"]


def test_a_flood_writes_few_lines_and_hardly_on_the_card(
    kept: Entries, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written: list[Path] = []
    real = files.write_durable

    def write(file: Path, content: str, mode: int) -> None:
        written.append(file)
        real(file, content, mode)

    monkeypatch.setattr(files, "write_durable", write)
    for number in range(300):
        kept.failed(f"10.0.0.{number}")
    assert len(written) == 1
    assert len([each for each in caplog.records if each.levelno == logging.WARNING]) == LINES


def test_after_an_hour_the_journal_hears_again(
    kept: Entries, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    monkeypatch.setattr("appliance.access.entries.time.monotonic", lambda: now[0])
    for _ in range(LINES + 5):
        kept.failed("10.0.0.1")
    now[0] += entries.HOUR_S + 1
    kept.failed("10.0.0.1")
    assert len(caplog.records) == LINES + 1


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 9000, '{"entries": 1, "others": -1}'])
def test_a_damaged_list_is_begun_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "log-ins.json").write_text(content)
    assert Entries(Vault(tmp_path)).now().entries == ()
