# SPDX-License-Identifier: MIT
"""A honeypot's day in counts."""

from __future__ import annotations

from collections import Counter
from datetime import date

from appliance.logs import visits_view
from appliance.logs.day_files import VISITS, DayFile
from appliance.logs.lines.event import Login, Tunnel
from appliance.logs.recorder import Recorder
from tests.unit.logs.conftest import NOON

DAY = date(2026, 11, 27)


def test_counts_of_a_day(recorder: Recorder) -> None:
    for event in (
        Login("198.51.100.1", "root", "1234", False),
        Login("198.51.100.1", "root", "", False),
        Login("198.51.100.2", "pi", "1234", True),
        Tunnel("198.51.100.2", "mail.example.net", 25),
        Tunnel("198.51.100.2", "mail.example.net", 25),
    ):
        recorder.visit(NOON, event)
    recorder.show()
    file = DayFile(DAY, VISITS, recorder.folder, recorder.parts)
    file.append(b"damage")
    view = visits_view.read(file)
    assert (view.failed, view.succeeded, view.tunnels, view.is_empty) == (2, 1, 2, False)
    assert view.passwords == {"1234": 2, "": 1} and view.users == {"root": 2, "pi": 1}
    assert view.pairs[("root", "1234")] == 1
    assert view.ways == {("198.51.100.2", 25, "mail.example.net"): 2}
    assert view.sources == {"198.51.100.1": 2, "198.51.100.2": 3}


def test_a_day_without_anything(recorder: Recorder) -> None:
    assert visits_view.read(DayFile(DAY, VISITS, recorder.folder, recorder.parts)).is_empty


def test_invented_words_fill_no_memory() -> None:
    counts: Counter[str] = Counter({"frequent": 50})
    for number in range(3 * visits_view.MOST_DISTINCT):
        visits_view.count(counts, str(number))
    assert len(counts) <= visits_view.MOST_DISTINCT and counts["frequent"] == 50
