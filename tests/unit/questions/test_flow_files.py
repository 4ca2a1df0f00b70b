# SPDX-License-Identifier: MIT
"""All flows of a question as files: whole, or not there."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.questions import engine as engines
from appliance.questions import flow_files
from appliance.questions.flow_files import ExportError
from appliance.questions.question import Question
from tests.conftest import missing
from tests.unit.questions.kept import counted, keep, unhurried


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have parts of 100 flows."""
    monkeypatch.setattr(engines, "AT_ONCE", 100)


@pytest.mark.slow
def test_nfdump_has_the_same_sums(tmp_path: Path, few: None) -> None:
    if not shutil.which("nfdump"):
        missing("no nfdump")
    every, to = keep(tmp_path), tmp_path / "flows.nf"
    udp = every[every["proto"] == 17]
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        question = Question(switches=(("proto", "17"),))
        assert flow_files.write_nfdump(engine, question, to) == len(udp)
    argv = ["nfdump", "-r", str(to), "-s", "proto/bytes", "-N", "-o", "csv", "-q"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    (found,) = csv.DictReader(line for line in lines if line.count(",") > 5)
    assert [int(found[name]) for name in ("fl", "pkt", "byt")] == [
        len(udp), counted(udp, "packets"), counted(udp),
    ]  # fmt: skip


@pytest.mark.slow
def test_csv_has_every_flow_and_akvorados_names(tmp_path: Path, few: None) -> None:
    every, to = keep(tmp_path), tmp_path / "flows.csv"
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        assert flow_files.write_csv(engine, Question(), to) == 900
        assert len(to.read_text().splitlines()) == 901
        assert flow_files.write_csv(engine, Question(), to, as_akvorado=True) == 900
        rows = list(csv.DictReader(to.open(newline="")))
        (answer,) = engine.ask('SELECT sum("Bytes" * "SamplingRate") FROM akvorado').rows
    assert {"TimeReceived", "ExporterAddress", "SrcAddr", "DstAddr", "SamplingRate", "EType",
            "Proto", "SrcPort", "DstPort", "Bytes", "Packets"} <= set(rows[0])  # fmt: skip
    assert sum(int(each["Bytes"]) for each in rows) == int(every["bytes"].sum())
    scaled = sum(int(each["Bytes"]) * int(each["SamplingRate"]) for each in rows)
    assert scaled == answer[0] == counted(every)
    six = int(((every["src_hi"] | every["dst_hi"]) != 0).sum())
    assert sum(each["EType"] == "34525" for each in rows) == six
    assert six


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    keep(tmp_path, 1)
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        with pytest.raises(ExportError, match="No such file"):
            flow_files.write_csv(engine, Question(), tmp_path / "none" / "x.csv")
        Path(tmp_path / "full.csv").symlink_to("/dev/full")
        flow_files.write_csv(engine, Question(), tmp_path / "full.csv")
    assert not list(tmp_path.glob(".*part")) and (tmp_path / "full.csv").is_file()
