# SPDX-License-Identifier: MIT
"""What is seen of the engine, and what it is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.renewal.engine_view import EngineView, loaded, socket_of
from appliance.reports.selftest import SelfTestReport

TABLE = """\
sk       RefCnt Type Proto  Iface R Rmem   User   Inode
0000 3 3    0003   5     1 0      990    4711
0000 3 3    0003   5     0 0      990    4712
0000 3 3    0800   6     1 0      990    4713
0000 3 3    0003   6     1 0      991    4714
"""
STATS = {"event_type": "stats", "stats": {"detect": {"engines": [
    {"id": 0, "last_reload": "2026-11-30T10:00:00", "rules_loaded": 17, "rules_failed": 0}
]}}}  # fmt: skip


def test_the_socket_tells_one_engine_from_another() -> None:
    assert socket_of(TABLE, 5, 990) == 4711
    assert socket_of(TABLE, 6, 990) is None and socket_of(TABLE, None, 990) is None


def test_loaded_rules_are_those_of_the_last_whole_record() -> None:
    line = json.dumps(STATS).encode() + b"\n"
    assert loaded(line) == (17, "2026-11-30T10:00:00")
    assert loaded(line + line[:40]) == (17, "2026-11-30T10:00:00")
    assert loaded(b"") == (None, "") and loaded(b'{"event_type": "stats"}\n') == (None, "")


@pytest.fixture
def view(tmp_path: Path) -> EngineView:
    for name in ("doors", "spool", "runtime"):
        (tmp_path / name).mkdir()
    return EngineView(
        "lo", True, False, tmp_path / "spool", tmp_path / "runtime", tmp_path / "doors",
        tmp_path / "on-trial", "64990",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("live", "door"), [(False, "glovebox-ids-anew"), (True, "glovebox-ids-reload")]
)
def test_it_is_asked_to_take_them(view: EngineView, live: bool, door: str) -> None:
    view.live = live
    for _ in range(2):
        view.put_on_trial("g-1")
        assert view.trial.read_text() == "g-1\n"
    assert [file.name for file in view.doors.iterdir()] == [door]
    view.end_trial(anew=False)
    assert not view.trial.exists()


def test_the_way_back_is_a_restart(view: EngineView) -> None:
    view.live = True
    view.end_trial(anew=True)
    assert [file.name for file in view.doors.iterdir()] == ["glovebox-ids-anew"]


def test_self_tests_count_from_the_moment_that_one_is_asked_for(view: EngineView) -> None:
    SelfTestReport(1.0, True, "passed", {}).publish(view.runtime)
    assert view.look().passed is None
    view.ask_selftest()
    assert view.look().passed is None
    SelfTestReport(9e10, False, "engine deaf", {}).publish(view.runtime)
    found = view.look()
    assert (found.passed, found.verdict, found.loaded) == (False, "engine deaf", None)
    assert found.socket is None
    (view.spool / "statistics.json").write_text(json.dumps(STATS) + "\n")
    assert view.look().loaded == 17
