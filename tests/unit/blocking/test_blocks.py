# SPDX-License-Identifier: MIT
"""`glovebox blocks`."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.blocking import blocks
from appliance.reports.statusfile import NotPublishedError
from tests.unit.reports.test_blocking import REPORT


def test_shows_who_is_blocked_where_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(REPORT, updated=time.time()).publish(tmp_path)
    assert blocks.main(["--runtime", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "45.66.77.88/32: on home" in shown and "router home: It answers." in shown
    assert blocks.main(["--runtime", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 1


def test_an_old_report_is_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    REPORT.publish(tmp_path)
    assert blocks.main(["--runtime", str(tmp_path)]) == 1
    assert "does not report" in capsys.readouterr().out


def test_nothing_published_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotPublishedError):
        blocks.main(["--runtime", str(tmp_path)])
