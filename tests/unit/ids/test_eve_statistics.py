# SPDX-License-Identifier: MIT
from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from appliance.ids import eve_statistics
from appliance.ids.engine import EngineCount, InspectorCount
from tests.conftest import PROJECT
from tests.unit.ids import eve


def test_drops_are_counted_among_the_packets() -> None:
    # A sensor in the field: 74,498,141 packets had been decoded; the rest was still in its rings.
    count = eve_statistics.parse(eve.stats(112_002_445, 37_214_768))
    assert count.offered == 112_002_445
    assert count.seen == pytest.approx(74_498_141, rel=0.005)


@pytest.mark.parametrize(
    ("tail", "count"),
    [
        (eve.stats(1, 0) + eve.stats(7, 2), EngineCount(7, 2)),
        (eve.stats(7, 2) + eve.stats(9, 2)[:-1], EngineCount(7, 2)),
        (eve.stats(7, 2)[40:] + eve.stats(9, 2), EngineCount(9, 2)),
        (bytes(100) + eve.stats(9, 2), EngineCount(9, 2)),
        (eve.stats(7, 2) + eve.line(), EngineCount(7, 2)),
        (eve.stats(7, 2) + b'{"event_type":"stats"}\n[]\n', EngineCount(7, 2)),
        (eve.stats(0, 0), EngineCount(0, 0)),
        (b"", EngineCount(0, 0)),
    ],
    ids=[
        "newest",
        "half a line",
        "cut at the front",
        "hole",
        "alert",
        "others",
        "zeros left out",
        "just started",
    ],
)
def test_parse_takes_the_newest_whole_record(tail: bytes, count: EngineCount) -> None:
    assert eve_statistics.parse(tail) == count


@pytest.mark.parametrize("tail", [b"nonsense\n", eve.stats(7, 2)[:-1], eve.line()])
def test_parse_refuses_what_has_none(tail: bytes) -> None:
    with pytest.raises(ValueError, match="no statistics"):
        eve_statistics.parse(tail)


def test_newest_reads_the_end_alone(tmp_path: Path) -> None:
    file = tmp_path / "statistics.json"
    file.write_bytes(b"x" * 1_000_000 + b"\n" + eve.stats(7, 2))
    assert eve_statistics.newest(file) == EngineCount(7, 2)


def test_newest_of_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        eve_statistics.newest(tmp_path / "absent")


# Suricata 7.0.10 after 120,000 and 20,000 connections that were never answered.
@pytest.mark.parametrize(("memuse", "crowded"), [(25_165_768, True), (6_968_872, False)])
def test_a_full_table_of_flows_is_a_crowd(memuse: int, crowded: bool) -> None:
    stats = {"capture": {"kernel_packets": 9}, "flow": {"memuse": memuse}}
    record = {"event_type": "stats", "stats": stats}
    assert eve_statistics.parse(json.dumps(record).encode() + b"\n").crowded is crowded


# The same in a crowd of 150,000: before it was over, and after.
@pytest.mark.parametrize(("entered", "over", "crowded"), [(2, 1, True), (2, 2, False)])
def test_flows_that_are_forgotten_sooner_are_a_crowd(
    entered: int, over: int, crowded: bool
) -> None:
    flow = {"memuse": 20_044_928, "emerg_mode_entered": entered, "emerg_mode_over": over}
    record = {"event_type": "stats", "stats": {"flow": flow}}
    assert eve_statistics.parse(json.dumps(record).encode() + b"\n").crowded is crowded


def test_flows_taken_from_others_and_those_without_room_are_forgotten() -> None:
    stats = {"flow": {"get_used": 6, "memcap": 30}, "tcp": {"ssn_memcap_drop": 100}}
    record = {"event_type": "stats", "stats": stats}
    assert eve_statistics.parse(json.dumps(record).encode() + b"\n").forgotten == 136


def test_room_is_what_suricata_is_given() -> None:
    text = (PROJECT / "config/suricata/suricata.yaml").read_text()
    read = yaml.safe_load(text.replace("@", ""))
    given = {"flow": read["flow"]["memcap"], "tcp": read["stream"]["memcap"]}
    assert given == {part: f"{room >> 20}mb" for part, room in eve_statistics.ROOM.items()}


def test_inspectors_are_told_apart_where_there_are_several() -> None:
    found = json.loads(eve.stats(5, 1))
    found["stats"]["threads"] = {
        "W#01-tzsp0:1": {"capture": {"kernel_packets": 2, "afpacket": {"polls": 9}}},
        "W#01-tzsp0:0": {"capture": {"kernel_packets": 3, "kernel_drops": 1}},
        "FM#01": {"flow": {"mgr": {}}},
    }
    count = eve_statistics.parse(json.dumps(found).encode() + b"\n")
    assert count.inspectors == (InspectorCount(3, 1, 3), InspectorCount(2, 0, 11))
    assert eve_statistics.parse(eve.stats(5, 1)).inspectors == ()
