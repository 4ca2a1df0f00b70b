# SPDX-License-Identifier: MIT
"""What other programs read."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from appliance.logs import feeds
from appliance.logs.lines.event import Login, Tunnel
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


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\tx", "\rx"])
def test_formulas_are_texts(text: str) -> None:
    assert feeds.cell(text) == f"'{text}"
    assert feeds.cell(f"a{text}") == f"a{text}"
