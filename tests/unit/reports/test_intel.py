# SPDX-License-Identifier: MIT
"""What is published of lists and meetings comes back as it was."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.intel import (
    IntelListsReport,
    IntelReport,
    ListedMeeting,
    ListFacts,
    ListStanding,
    ZoneReport,
)

FACTS = ListFacts(
    "drop_v4.json", "d" * 64, 900.0, 0, 2, (24, 25), (), 1, {"not JSON": 1},
    ("line 3: not <b>json – not JSON",),
)  # fmt: skip
STANDING = ListStanding("drop_v4.json", FACTS, "d" * 64)
LISTS = IntelListsReport(950.0, (STANDING,))
MEETING = ListedMeeting(
    "192.168.88.7", "198.51.100.7", "198.51.100.0/24", "connection to", ("drop_v4.json",), 3,
    980.0, 990.0,
)  # fmt: skip
REPORT = IntelReport(
    updated=1000.0, since=900.0, indicators=2, frames=20, lost=0, undecoded=1, looked_up=30,
    hits=5, alerts=1, alike=2, allowed=1, held_back=1, recent=(MEETING,),
    hidden={"192.168.88.9": 4},
)  # fmt: skip
ZONE = ZoneReport(950.0, ("192.0.2.53",), ("2001:db8::53",), 1_795_777_200, 8, 90_000)


def test_the_reports_come_back(tmp_path: Path) -> None:
    LISTS.publish(tmp_path)
    REPORT.publish(tmp_path)
    assert IntelListsReport.read(tmp_path) == LISTS
    assert IntelReport.read(tmp_path) == REPORT


def test_entries_are_names_and_networks() -> None:
    assert FACTS.entries == 2


def test_the_zone_comes_back_and_is_wanted_by_those_who_take_it(tmp_path: Path) -> None:
    ZONE.publish(tmp_path)
    assert ZoneReport.read(tmp_path) == ZONE and ZONE.wanted
    assert not ZoneReport(950.0).wanted
