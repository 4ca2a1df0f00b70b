# SPDX-License-Identifier: MIT
"""Which frames are around an alert."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from appliance.evidence import cutting
from appliance.evidence.cutting import LARGEST, MOST_AFTER, MOST_BEFORE
from appliance.evidence.packet_ring import RingFrame
from appliance.tools.captures import open_capture
from tests.frames import ethernet, ipv4, udp


def frames(count: int, size: int = 60) -> list[RingFrame]:
    return [RingFrame(number * 1000, bytes([number % 256]) * size, size) for number in range(count)]


def test_patterns_stand_in_packets_of_both_directions() -> None:
    one, other = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
    there = ethernet(ipv4(udp(b"x"), source=one, destination=other), vlans=((0x8100, 5),))
    back = ethernet(ipv4(udp(b"x"), source=other, destination=one))
    found = cutting.patterns("192.0.2.1", "::ffff:192.0.2.2")
    assert len(found) == 2
    assert found[0] in there and found[1] in back
    assert len(cutting.patterns("2001:db8::1", "2001:db8::2")[0]) == 32
    assert len(cutting.patterns("192.0.2.1", "192.0.2.1")) == 1


@pytest.mark.parametrize("ends", [("", ""), ("192.0.2.1", ""), ("192.0.2.1", "2001:db8::1")])
def test_without_two_addresses_there_is_nothing_to_look_for(ends: tuple[str, str]) -> None:
    assert cutting.patterns(*ends) == ()


def test_the_nearest_are_kept_and_the_one_that_fired_always() -> None:
    found = cutting.around(frames(1000), 500)
    assert len(found) == MOST_BEFORE + MOST_AFTER
    assert found[MOST_BEFORE - 1].time_ns == 500_000
    assert found == sorted(found, key=lambda each: each.time_ns)
    large = cutting.around(frames(100, 60_000), 50)
    assert 50_000 in [each.time_ns for each in large]
    assert len(cutting.pcap(large)) <= LARGEST


def test_the_pcap_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(cutting.pcap(frames(3)))
    with open_capture(tmp_path / "a.pcap") as capture:
        records = list(capture)
    assert [(each.time_us, each.frame) for each in records] == [
        (number, bytes([number]) * 60) for number in range(3)
    ]
    assert len(io.BytesIO(cutting.pcap([])).read()) == 24


@pytest.mark.parametrize("text", ["", "1", "a-1", "../1-2", "0-1", "1-2.pcap", "1-", "1-2\n", "9" * 20 + "-1"])  # fmt: skip  # noqa: E501
def test_what_is_no_name(text: str) -> None:
    assert not cutting.is_name(text)
    assert cutting.is_name(cutting.name_of(7, 1_700_000_000_000_000))
