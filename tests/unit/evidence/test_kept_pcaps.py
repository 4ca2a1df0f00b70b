# SPDX-License-Identifier: MIT
"""Folders of pcaps stay within their budgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.evidence.kept_pcaps import DAY_S, PcapFolder


@pytest.mark.parametrize("durable", [False, True])
def test_the_oldest_go_first(tmp_path: Path, durable: bool) -> None:
    kept = PcapFolder(tmp_path, 1000, durable)
    (tmp_path / "notes.txt").write_text("not ours")
    for number in range(8, 30):
        assert kept.keep(f"{number}-5", bytes(300), 0.0)
        assert kept.size() <= 1000
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"27-5.pcap", "28-5.pcap", "29-5.pcap", "notes.txt"}
    assert (tmp_path / "29-5.pcap").stat().st_mode & 0o777 == 0o640


def test_a_card_takes_only_so_much_a_day(tmp_path: Path) -> None:
    kept = PcapFolder(tmp_path, 10_000, True, a_day=700)
    assert [kept.keep(f"{n}-1", bytes(300), 0.0) for n in range(1, 5)] == [True, True, False, False]
    assert kept.keep("5-1", bytes(300), DAY_S)


def test_without_the_folder_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        PcapFolder(tmp_path / "none", 10).keep("1-1", b"", 0.0)
