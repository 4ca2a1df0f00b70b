# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance.ids import perfmonitor
from appliance.ids.engine import EngineCount
from appliance.ids.perfmonitor import DAQ, DROPPED, FOLLOWED, PACE, PRUNED, RECEIVED, ROOM
from tests.conftest import PROJECT

START = "##### Perfmon start: pid=42 at=Fri Nov 20 09:46:06 2026 (1795167966) #####\n"
NAMES = f"#time,pkt_drop_percent,{RECEIVED},{DROPPED},total_blocked_verdicts\n"
ROTATE = "############################### Perfmon rotate: pid=42 at=Fri Nov 20 09:46:06 2026\n"
STOP = "##### Perfmon stop: pid=42 at=Fri Nov 20 09:47:06 2026 (1795168026) #####\n"


# Snort 2.9.20 was stopped (SIGSTOP) while 100,000 frames passed; both runs lost the same nine
# tenths of them, and reported it like this.
@pytest.mark.parametrize(
    ("count", "lost"),
    [(perfmonitor.pcap(100_006, 89_520), 89_520), (perfmonitor.afpacket(10_582, 89_421), 89_421)],
    ids=["pcap", "afpacket"],
)
def test_offered_are_all_frames_that_passed(count: EngineCount, lost: int) -> None:
    assert count.lost == lost
    assert 100_000 <= count.offered <= 100_006
    assert count.seen == count.offered - lost


def test_parse_takes_the_newest_row() -> None:
    text = START + NAMES + "1795168035,0.0,6,0,0\n1795168040,47.2,100006,89520,0\n"
    assert perfmonitor.parse(text, "pcap") == EngineCount(100_006, 89_520)
    assert perfmonitor.parse(text, "afpacket") == EngineCount(189_526, 89_520)


def test_daq_is_the_one_that_snort_is_started_with() -> None:
    assert f"--daq {DAQ} " in (PROJECT / "config/snort/start.sh").read_text()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (START + NAMES, EngineCount(0, 0)),
        (START + NAMES + "1,0,7,2,0\n" + STOP, EngineCount(7, 2)),
        (START + NAMES + "1,0,7,2,0\n" + STOP + START + NAMES, EngineCount(0, 0)),
        (START + NAMES + "1,0,7,2,0\n2,0,9", EngineCount(7, 2)),
        (NAMES + "1,0,7,2,0\n", EngineCount(7, 2)),
        (ROTATE + NAMES, None),
        (ROTATE + NAMES + "3,0,1", None),
        (ROTATE + NAMES + "1,0,7,2,0\n" + STOP + START + NAMES, EngineCount(0, 0)),
    ],
    ids=["just started", "stopped", "started again", "half a row", "rotated", "rotated just now",
         "half a row after it", "rotated, started again"],
)  # fmt: skip
def test_parse_of_every_state_of_the_file(text: str, count: EngineCount | None) -> None:
    assert perfmonitor.parse(text, "pcap") == count


@pytest.mark.parametrize(
    "text",
    ["", START, "1,0,7,2,0\n", "#time,other\n1,2\n", NAMES + "1,0,many,2,0\n", NAMES + "1,0\n"],
    ids=["empty", "no names", "no header", "other columns", "no figure", "short row"],
)
def test_parse_refuses_what_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError):
        perfmonitor.parse(text)


@pytest.mark.parametrize(("followed", "crowded"), [("32764", True), ("31000", False)])
def test_a_full_table_of_connections_is_a_crowd(followed: str, crowded: bool) -> None:
    names = NAMES.replace(f"{RECEIVED}", f"{FOLLOWED},{RECEIVED}")
    found = perfmonitor.parse(f"{START}{names}1,0,{followed},7,2,0\n", "pcap")
    assert found is not None
    assert found.crowded is crowded


# Snort 2.9.20 while 60,000 connections were invented, of which it followed 32,766 at the end.
CROWD = """
    30217 0 4.996 0.000
    40211 0 5.005 3700.042
    50103 0 4.950 4948.702
    60000 0 3.329 3329.170
    60001 0 0.000 0.000
"""


def test_connections_given_up_are_counted_as_snort_tells_them_by_the_second() -> None:
    names = f"#time,pkt_drop_percent,{RECEIVED},{DROPPED},{PACE},{PRUNED}\n"
    rows = ["1,0," + ",".join(line.split()) for line in CROWD.split("\n") if line.strip()]
    cut = rows[3][:12]
    found = perfmonitor.parse(START + names + "\n".join([*rows[:3], cut, *rows[3:]]) + "\n")
    assert found is not None
    assert found.forgotten == pytest.approx(60_000 - 32_766, rel=0.01)


def test_room_is_what_snort_is_given() -> None:
    assert f"max_tcp {ROOM}," in (PROJECT / "config/snort/snort.conf").read_text()
