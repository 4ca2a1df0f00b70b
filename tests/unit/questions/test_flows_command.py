# SPDX-License-Identifier: MIT
"""`glovebox flows` and its words."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import duckdb
import pytest

from appliance.errors import InputError
from appliance.questions.flows_command import main
from tests.unit.questions.kept import HOSTS, counted, keep


def asked(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> list[str]:
    assert main([*words, f"--folder={folder}"]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.slow
def test_both_halves_in_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = keep(tmp_path)
    words = ("filter", "--type=out", "top", "--fields=host", "--values=bytes", "--count=5")
    lines = asked(capsys, tmp_path, *words)
    chosen = every[every["way"] == 2]
    total = counted(chosen)
    assert lines[0] == f"INPUT: {len(chosen)} Records for 2 Bins and {total} Total Bytes"
    assert {line.split("|")[0].strip() for line in lines[3:]} == set(HOSTS)
    assert sum(int(line.split("|")[1]) for line in lines[3:]) == total
    assert lines[-1].split("|")[3].strip() == "100.000000"


@pytest.mark.slow
def test_without_an_end_flows_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = keep(tmp_path, 1)
    lines = asked(capsys, tmp_path, "filter", "--proto=6")
    assert len(lines) == 1 + int((every["proto"] == 6).sum())
    assert asked(capsys, tmp_path, "cut", "--fields=3-5", "--num-recs=2")[0] == "sport|dport|proto|"


@pytest.mark.slow
def test_bins_of_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path)
    lines = asked(capsys, tmp_path, "filter", "--start-date=2026/11/30", "count")
    assert [line.split("|")[1].strip() for line in lines] == ["Records", "300", "300", "300"]


@pytest.mark.slow
def test_sets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = keep(tmp_path)
    file = tmp_path / "ours.set"
    monkeypatch.setattr(sys, "stdin", io.StringIO("192.168.88.8\n192.168.88.9\n2001:db8::/32\n"))
    assert main(["set", "build", str(file)]) == 0
    assert main(["set", "cat", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == ["192.168.88.8/31", "2001:db8::/32"]
    assert main(["set", "member", str(file), "192.168.88.9"]) == 0
    assert main(["set", "member", str(file), "192.168.88.10"]) == 1
    assert main(["set", "member", str(file), "2001:db8::7"]) == 0
    lines = asked(capsys, tmp_path, "filter", f"--dipset={file}", "top", "--values=flows")
    of_set = (every["dst_hi"] > 0) | (every["dst_lo"] & 0xFFFFFFFF == 0xC0A85809)
    assert lines[0].startswith(f"INPUT: {int(of_set.sum())} Records")


@pytest.mark.slow
def test_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    every = keep(kept)
    to = tmp_path / "flows.csv"
    assert main(["export", f"--folder={kept}", "--proto=17", f"--to={to}"]) == 0
    assert len(to.read_text().splitlines()) == 1 + int((every["proto"] == 17).sum())
    to = tmp_path / "usb"
    assert main(["export", f"--folder={kept}", "--format=parquet", f"--to={to}"]) == 0
    (row,) = duckdb.execute(f"SELECT count(*) FROM '{to}/*.parquet'").fetchall()
    assert row == (900,)
    capsys.readouterr()


def test_check_reads_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path)
    assert asked(capsys, tmp_path, "check") == ["3 files are whole, with 900 flows"]
    second = sorted(tmp_path.glob("*.parquet"))[1]
    second.write_bytes(second.read_bytes()[:-1])
    assert main(["check", f"--folder={tmp_path}"]) == 1
    assert capsys.readouterr().out.splitlines()[1] == "2 files are whole, with 600 flows"
    with pytest.raises(InputError, match="No such file or directory"):
        main(["check", f"--folder={tmp_path / 'missing'}"])


@pytest.mark.slow
def test_a_damaged_file_is_told_beside_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path)
    first = sorted(tmp_path.glob("*.parquet"))[0]
    first.write_bytes(b"")
    assert main(["top", f"--folder={tmp_path}"]) == 0
    assert "1 damaged" in capsys.readouterr().err


def test_other_words_are_refused() -> None:
    with pytest.raises(InputError, match="no word 'fliter'"):
        main(["fliter"])
