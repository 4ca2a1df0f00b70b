# SPDX-License-Identifier: MIT
"""The process that answers one question."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.flowstore.checked import CheckedFiles
from appliance.questions import service, sources
from appliance.questions.answers import UnansweredError
from appliance.questions.door import Asked
from appliance.questions.sources import FlowSources
from tests.unit.questions.kept import keep

ASKED = {"statements": ["SELECT count(*) FROM flows"], "begin": 0, "end": 1 << 40, "zone": "UTC"}


@pytest.mark.slow
def test_a_line_in_a_line_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    keep(tmp_path)
    line = io.BytesIO(json.dumps(ASKED).encode() + b"\n")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=line))
    assert service.main([f"--folder={tmp_path}", f"--checked={tmp_path / 'none'}"]) == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert found["answers"][0]["rows"] == [[900]]


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [{"statements": []}, {"statements": ["SELECT 1"] * 5}, {"zone": "No/Where"}]
)
def test_what_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    keep(tmp_path)
    found = json.loads(service.reply(json.dumps(ASKED | change).encode(), tmp_path))
    assert found == {"error": "That is no question."}


@pytest.mark.slow
def test_a_damaged_file_is_told_with_the_answer(tmp_path: Path) -> None:
    keep(tmp_path)
    first = sorted(tmp_path.glob("*.parquet"))[0]
    first.write_bytes(first.read_bytes()[:-1])
    found = service.answer(Asked(("SELECT count(*) FROM flows",)), tmp_path)
    assert found.answers[0].rows == ((600,),) and "1 damaged" in found.remark


@pytest.mark.slow
def test_files_that_were_joined_meanwhile_are_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path)
    real = sources.find
    tries: list[int] = []

    def find(begin: int, end: int, folder: Path, checked: CheckedFiles | None) -> FlowSources:
        tries.append(1)
        if len(tries) == 1:
            return FlowSources((tmp_path / "gone.parquet",))
        return real(begin, end, folder, checked)

    monkeypatch.setattr(sources, "find", find)
    asked = Asked(("SELECT count(*) FROM flows",))
    assert service.answer(asked, tmp_path).answers[0].rows == ((900,),) and len(tries) == 2
    with pytest.raises(UnansweredError):
        service.answer(Asked(("SELECT x",)), tmp_path)
    assert len(tries) == 3
