# SPDX-License-Identifier: MIT
"""What is seen of an engine: each trace by itself, and nothing where there is none."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import pytest

from appliance.ids import sniffers, suricata
from appliance.ids.engine import EngineCount
from appliance.ids.pulse import Look
from appliance.ids.watching import EngineWatch

STATISTICS = '{"event_type": "stats", "stats": {"capture": {"kernel_packets": 9}}}\n'


@pytest.fixture
def watched(tmp_path: Path) -> EngineWatch:
    return EngineWatch(suricata, "tzsp0", tmp_path, str(os.getuid()), tmp_path / "cpu.stat")


def test_look_reads_every_trace(
    watched: EngineWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "statistics.json").write_text(STATISTICS)
    (tmp_path / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n")
    asked: list[tuple[str, int]] = []

    def listening(interface: str, uid: int) -> bool:
        asked.append((interface, uid))
        return True

    monkeypatch.setattr(sniffers, "listening", listening)
    before = time.monotonic()
    found = watched.look()
    assert before <= found.time <= time.monotonic()
    assert found == Look(found.time, True, EngineCount(9, 0), 2.5)
    assert asked == [("tzsp0", os.getuid())]


@pytest.mark.parametrize("cpu", ["", "usage_usec\n", "usage_usec many\n", "user_usec 1\n"])
def test_look_without_traces_knows_nothing(
    cpu: str, watched: EngineWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sniffers, "SOCKETS", tmp_path / "absent")
    (tmp_path / "cpu.stat").write_text(cpu)
    found = dataclasses.replace(watched, interface="lo").look()
    assert found == Look(found.time, None, None, None)


def test_look_at_an_engine_whose_user_does_not_exist(tmp_path: Path) -> None:
    found = EngineWatch(suricata, "lo", tmp_path, "nobody-of-this-name", tmp_path / "none").look()
    assert found == Look(found.time, None, None, None)
