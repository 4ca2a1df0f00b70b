# SPDX-License-Identifier: MIT
"""pcapng: each packet in the terms of its own interface and section."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats.bytestream import ByteStream, CutOff
from appliance.formats.pcap import LATEST_US, Record
from appliance.formats.pcapng import PcapngReader
from tests.pcapng import block, interface, old, option, packet, section, simple

RESOLUTION, OFFSET = 9, 14


def reader(content: bytes) -> PcapngReader:
    pieces = [content]
    return PcapngReader(ByteStream(lambda: pieces.pop() if pieces else b""))


def resolution(value: int) -> bytes:
    return option(RESOLUTION, bytes((value,)))


def test_packets_have_the_link_type_of_their_interface() -> None:
    content = section() + interface(1) + interface(113) + interface(276)
    content += packet(b"a", 0) + packet(b"b", 1) + packet(b"c", 2) + packet(b"d", 0)
    found = reader(content)
    assert list(found.link_types()) == [1, 113, 276]
    assert [(each.frame, each.link_type) for each in found] == [
        (b"a", 1), (b"b", 113), (b"c", 276), (b"d", 1),
    ]  # fmt: skip


def test_an_interface_may_come_between_packets() -> None:
    content = section() + interface(1) + packet(b"a") + interface(101) + packet(b"b", 1)
    found = reader(content)
    assert list(found.link_types()) == [1]
    assert [each.link_type for each in found] == [1, 101]


def test_link_types_are_read_one_by_one() -> None:
    """A pipe may bring the second interface long after the first."""
    pieces = [packet(b"a"), interface(113), section() + interface(1)]
    found = PcapngReader(ByteStream(pieces.pop))
    types = found.link_types()
    assert (next(types), len(pieces)) == (1, 2)
    assert (next(types), len(pieces)) == (113, 1)
    assert list(types) == []


@pytest.mark.parametrize(
    ("options", "time", "expected"),
    [
        (b"", 1_500_000, 1_500_000),
        (resolution(6), 1_500_000, 1_500_000),
        (resolution(9), 1_500_000_999, 1_500_000),
        (resolution(3), 1_500, 1_500_000),
        (resolution(0), 7, 7_000_000),
        (resolution(0x80 | 10), 1536, 1_500_000),
        (resolution(0x80 | 63), 3 << 62, 1_500_000),
        (resolution(127), 1 << 63, 0),
        (resolution(0xFF), 1 << 63, 0),
        (option(OFFSET, struct.pack("<q", 100)), 5, 100_000_005),
        (option(OFFSET, struct.pack("<q", -100)), 5, 0),
        (option(OFFSET, struct.pack("<q", -(1 << 63))), 5, 0),
        (resolution(0) + option(OFFSET, struct.pack("<q", (1 << 63) - 1)), 1 << 63, LATEST_US),
        (b"", (1 << 64) - 1, LATEST_US),
        (option(2, b"eth0") + resolution(3), 2, 2000),
        (option(0, b"") + resolution(3), 2, 2),
        (option(RESOLUTION, b"\3\3\3"), 2, 2),
        (struct.pack("<HH", RESOLUTION, 60_000), 2, 2),
    ],
)
def test_times_are_in_the_resolution_of_the_interface(
    options: bytes, time: int, expected: int
) -> None:
    (record,) = reader(section() + interface(options=options) + packet(b"a", time=time))
    assert record.time_us == expected


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_kind_of_packet_is_read(order: str) -> None:
    content = section(order) + interface(1, 4, order=order)
    content += packet(b"abc", time=7, original=90, order=order)
    content += simple(b"abcd", 60, order=order) + old(b"xyz", time=9, order=order)
    assert list(reader(content)) == [
        Record(7, b"abc", 90),
        # It has no time of its own.
        Record(7, b"abcd", 60),
        Record(9, b"xyz", 3),
    ]


def test_other_blocks_are_passed_over() -> None:
    others = block(4, bytes(40)) + block(5, bytes(8)) + block(0x0BAD, b"custom") + block(10, b"key")
    content = section() + others + interface() + others + packet(b"a") + others
    assert [each.frame for each in reader(content)] == [b"a"]


def test_sections_have_their_own_byte_order_and_interfaces() -> None:
    content = section() + interface(1) + packet(b"a")
    content += section(">") + interface(101, order=">") + packet(b"b", order=">")
    assert [(each.frame, each.link_type) for each in reader(content)] == [(b"a", 1), (b"b", 101)]


@pytest.mark.parametrize("version", [(1, 0), (1, 2)])
def test_versions_that_are_one_format_are_read(version: tuple[int, int]) -> None:
    assert len(list(reader(section(version=version) + interface() + packet(b"a")))) == 1


START = section() + interface()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(section(version=(1, 1)), "version 1.1, not 1.0 or 1.2", id="1.1"),
        pytest.param(section(version=(2, 0)), "version 2.0, not 1.0 or 1.2", id="2.0"),
        pytest.param(section().replace(b"\x4d\x3c", b"\x4d\x3d"), "byte order", id="byte order"),
        pytest.param(START + packet(b"a", 1), "interface 1, which is not", id="interface"),
        pytest.param(START + section() + packet(b"a"), "interface 0, which", id="of before"),
        pytest.param(section() + simple(b"a"), "interface 0, which", id="simple"),
        pytest.param(START + struct.pack("<II", 6, 13), "block of 13 bytes", id="no multiple"),
        pytest.param(START + struct.pack("<II", 6, 8), "block of 8 bytes", id="too short"),
        pytest.param(START + struct.pack("<II", 6, 1 << 31), "block of 2147483648", id="too long"),
        pytest.param(START + struct.pack("<III", 9, 12, 16), "two lengths", id="two lengths"),
        pytest.param(START + block(6, bytes(8)), "too short for its kind", id="no header"),
        pytest.param(START + block(3, b""), "too short for its kind", id="no simple header"),
        pytest.param(section() + block(1, bytes(4)), "too short for its kind", id="no snaplen"),
        pytest.param(
            START + block(6, struct.pack("<IIIII", 0, 0, 0, 99, 99)), "99 bytes in a shorter",
            id="longer than its block",
        ),
        pytest.param(START + simple(b"", 99), "99 bytes in a shorter", id="simple and longer"),
    ],
)  # fmt: skip
def test_damage_is_named(content: bytes, expected: str) -> None:
    with pytest.raises(DecodeError, match=expected):
        list(reader(content))


@pytest.mark.parametrize("length", range(1, 100))
def test_a_file_that_ends_in_a_block_is_cut_off(length: int) -> None:
    content = START + packet(bytes(20))
    borders = (len(section()), len(START), len(content))
    if length in borders:
        list(reader(content[:length]))
    elif length < len(content):
        with pytest.raises(CutOff):
            list(reader(content[:length]))


@pytest.mark.slow
def test_a_file_of_interfaces_alone_takes_bounded_memory() -> None:
    tracemalloc.start()
    with pytest.raises(DecodeError, match="more than 65536 interfaces"):
        list(reader(section() + interface() * 70_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30_000_000


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_bytes_changed_are_read_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(START + packet(bytes(60)) + simple(bytes(30)) + old(bytes(40)))
    for position, value in changes:
        content[position % len(content)] = value
    try:
        records = list(reader(bytes(content)))
    except DecodeError:
        return
    assert sum(len(record.frame) for record in records) <= len(content)
