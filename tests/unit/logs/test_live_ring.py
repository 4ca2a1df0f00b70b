# SPDX-License-Identifier: MIT
"""The last events, for those who watch."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.logs import live_ring
from appliance.logs.lines.event import LoggedPacket, Login
from appliance.logs.live_ring import MOST, LiveRing, RingFollower

PACKET = LoggedPacket("TCP", "198.51.100.7", 51234, "192.0.2.10", 22, length=60)


@pytest.mark.parametrize(
    ("event", "row"),
    [
        (PACKET, (False, "198.51.100.7", "TCP:22", "51234", 60, False)),
        (PACKET._replace(aimed=("192.0.2.1", 8080)),
         (False, "198.51.100.7", "TCP:8080", "51234", 60, False)),
        (PACKET._replace(protocol="ICMP", port=None, detail="type 8, code 0"),
         (False, "198.51.100.7", "ICMP:8/0", "*", 60, False)),
        (PACKET._replace(protocol="47", port=None, source_port=None),
         (False, "198.51.100.7", "47", "*", 60, False)),
        (Login("198.51.100.7", "ü|", "<b>", True), (True, "198.51.100.7", "ü|", "<b>", 20, True)),
    ],
)  # fmt: skip
def test_events_come_back(tmp_path: Path, event: LoggedPacket | Login, row: tuple[object]) -> None:
    ring = LiveRing(tmp_path)
    ring.add(1000.9, event)
    assert ring.is_changed
    ring.publish()
    assert not ring.is_changed
    (found,) = live_ring.read(tmp_path)
    assert found == (0, 1000, *row)


def test_the_oldest_are_left_out(tmp_path: Path) -> None:
    ring = LiveRing(tmp_path)
    for _ in range(MOST + 5):
        ring.add(1000.0, PACKET)
    ring.publish()
    rows = live_ring.read(tmp_path)
    assert [row.number for row in rows] == list(range(5, MOST + 5))
    assert [row.number for row in live_ring.newer(rows, MOST + 2)] == [MOST + 3, MOST + 4]
    assert live_ring.newer(rows, MOST + 4) == []
    # The service has begun anew, and counts from 0.
    assert live_ring.newer(rows, 10_000) == rows


def test_a_follower_is_told_each_event_once(tmp_path: Path) -> None:
    ring = LiveRing(tmp_path)
    ring.add(1000.0, PACKET)
    ring.publish()
    follower = RingFollower(tmp_path)
    assert follower.fresh() == []
    for number in (1, 2):
        ring.add(1000.0, PACKET)
        ring.publish()
        assert [row.number for row in follower.fresh()] == [number]
        assert follower.fresh() == []
    ring.forget()
    ring.publish()
    assert live_ring.read(tmp_path) == follower.fresh() == []
    ring.add(1000.0, PACKET)
    ring.publish()
    assert [row.number for row in follower.fresh()] == [3]


@pytest.mark.parametrize("text", ["", "x", "{}", "[[1]]", "[1]", "\xff"])
def test_what_cannot_be_read_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / live_ring.NAME).write_text(text, encoding="latin-1")
    assert live_ring.read(tmp_path) == []
    LiveRing(tmp_path / "none").publish()
