# SPDX-License-Identifier: MIT
"""What other programs read."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.logs import feeds
from appliance.logs.lines.event import Login, Tunnel
from appliance.logs.lines.meaning import understand
from appliance.logs.live_ring import LiveRow
from tests.unit.reports.test_logs import REPORT


def test_munins_counters_and_their_names_agree() -> None:
    values = feeds.munin_values(replace(REPORT, events={"login": 3, "attempt": 7}))
    assert values == "failed.value 0\nsucceeded.value 3\ntunnels.value 0\nattempts.value 7\n"
    config = feeds.munin_config()
    for line in values.splitlines():
        name = line.partition(".")[0]
        assert f"{name}.label " in config and f"{name}.type DERIVE\n" in config


def test_munin_is_told_that_nobody_tells() -> None:
    assert feeds.munin_values(None).count(".value U\n") == 4


def test_rows_for_afterglow_come_back() -> None:
    hosts = ["mail.example.net", "a,b", '"', "new\nline", "=cmd|' /C calc'!A0"]
    events = [(1, Tunnel("192.0.2.1", host, 25)) for host in hosts]
    text = feeds.afterglow_rows([*events, (1, Login("192.0.2.1", "u", "p", True))])
    rows = list(csv.reader(text.splitlines(keepends=True)))
    assert [row[:2] for row in rows] == [["192.0.2.1", "25"]] * 5
    assert [row[2] for row in rows] == [*hosts[:4], "'=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("version", ["2.8.1", "3.1.4"])
def test_log_ins_of_recorded_runs_for_logstalgia(shared_data: Path, version: str) -> None:
    folder = shared_data / "pictures/cowrie"
    wanted = json.loads((folder / f"cowrie-{version}.expected.json").read_text())["logstalgia"]
    lines = []
    for text in (folder / f"cowrie-{version}.json").read_text().splitlines():
        event = understand(text)
        if isinstance(event, Login):
            row = LiveRow(0, 0, True, event.source, event.user, event.password, 20, event.succeeded)
            lines.append(feeds.logstalgia_line(row))
    # Each has the time of its arrival; and what cannot be printed is kept in four signs, not one.
    assert [re.sub(r"\\x[0-9a-f]{2}", "?", line.strip()) for line in lines] == [
        re.sub(r"\\x[0-9a-f]{2}", "?", f"0|{line.partition('|')[2]}") for line in wanted
    ]


def test_no_text_changes_the_number_of_fields() -> None:
    row = LiveRow(0, 1, True, "192.0.2.1", "", "p|w|0\n\x1b" + "x" * 100, 20, False)
    line = feeds.logstalgia_line(row, 7)
    assert line.count("|") == 5 and line.startswith("7|192.0.2.1|?|p?w?0??x") and len(line) < 100
    assert line.endswith("|20|1\n") and line.isascii()


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\tx", "\rx"])
def test_formulas_are_texts(text: str) -> None:
    assert feeds.cell(text) == f"'{text}"
    assert feeds.cell(f"a{text}") == f"a{text}"
