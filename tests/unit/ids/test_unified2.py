# SPDX-License-Identifier: MIT
"""Records whole, cut off, malformed and of other types; what real Snort writes is in tests/net."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.ids import unified2
from appliance.ids.unified2 import LONGEST_RECORD, CutRecordError, Event, decode
from tests.unit.ids import records

EVENT = Event(
    time_us=records.SECOND * 1_000_000 + 123_456,
    gid=1,
    sid=1228,
    rev=7,
    classification_id=4,
    priority=2,
    protocol=6,
    source="192.0.2.1",
    source_port=40000,
    destination="192.0.2.2",
    destination_port=80,
)


def test_decode_ipv4_event() -> None:
    assert decode(records.event()) == ([EVENT], 60)


@pytest.mark.parametrize(
    ("kind", "tail"), [(72, b""), (105, bytes(8))], ids=["IPv6", "IPv6 with VLAN"]
)
def test_decode_ipv6_event(kind: int, tail: bytes) -> None:
    (event,), taken = decode(records.event6(kind=kind, tail=tail))
    assert (event.source, event.destination) == ("2001:db8::1", "2001:db8::2")
    assert taken == 84 + len(tail)


def test_decode_vlan_event() -> None:
    record = struct.pack(">II", 104, 60) + records.event()[8:] + bytes(8)
    assert decode(record) == ([EVENT], 68)


@pytest.mark.parametrize(
    ("protocol", "expected"), [(6, True), (17, True), (1, False), (58, False), (255, False)]
)
def test_decode_gives_ports_only_where_the_protocol_has_them(protocol: int, expected: bool) -> None:
    (event,), _ = decode(records.event(protocol=protocol, ports=(8, 0)))
    assert (event.source_port is not None) is expected
    assert event.destination_port == (0 if expected else None)


def test_decode_passes_over_other_records() -> None:
    data = records.other(2) + records.event() + records.other(110, b"") + records.event(1)
    events, taken = decode(data)
    assert [event.sid for event in events] == [1228, 1]
    assert taken == len(data)


@pytest.mark.parametrize("length", range(60))
def test_decode_waits_for_the_end_of_a_record(length: int) -> None:
    first = records.event(1)
    assert decode(records.event()[:length]) == ([], 0)
    assert decode(first + records.event()[:length])[1] == len(first)


@given(st.binary(max_size=300), st.data())
def test_decode_gives_the_same_however_the_bytes_come(junk: bytes, data: st.DataObject) -> None:
    stream = records.event(1) + records.other(body=junk) + records.event6() + records.event(2)
    cut = data.draw(st.integers(0, len(stream)))
    first, taken = decode(stream[:cut])
    second, rest = decode(stream[taken:])
    assert first + second == decode(stream)[0]
    assert taken + rest == len(stream)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(bytes(8), id="zeros"),
        pytest.param(struct.pack(">II", 7, 51 - 7), id="event too short"),
        pytest.param(struct.pack(">II", 72, 52), id="IPv6 event too short"),
        pytest.param(struct.pack(">II", 2, LONGEST_RECORD + 1), id="too long"),
        pytest.param(b"alert tcp", id="text"),
    ],
)
def test_decode_rejects_what_is_no_record(head: bytes) -> None:
    with pytest.raises(DecodeError, match="type"):
        decode(head + bytes(100))
    assert decode(records.event() + head)[1] == 60


@given(st.binary(max_size=200))
def test_decode_survives_anything(data: bytes) -> None:
    try:
        _, taken = decode(data)
    except DecodeError:
        return
    assert 0 <= taken <= len(data)


@pytest.mark.parametrize("kept", [9, 30, 55])
def test_a_record_cut_in_mid_file_makes_no_event_up(kept: int) -> None:
    cut, rest = records.event(sid=472)[:kept], [records.event(sid=sid) for sid in (473, 474, 475)]
    whole = records.event(sid=471)
    events, taken = decode(whole + cut + b"".join(rest))
    assert ([each.sid for each in events], taken) == ([471], len(whole))
    with pytest.raises(CutRecordError) as caught:
        decode(cut + b"".join(rest))
    assert caught.value.resume == kept
    assert [each.sid for each in decode(b"".join(rest))[0]] == [473, 474, 475]


def test_an_address_that_looks_like_a_record_is_one_still() -> None:
    record = records.event()
    ports = struct.unpack(">HH", record[52:56])
    # Source and destination that read as the beginning of an event.
    odd = record[:44] + struct.pack(">II", 104, 60) + record[52:]
    assert ports == (40000, 80)
    events, taken = decode(odd + records.event())
    assert (len(events), taken) == (2, len(odd + records.event()))
    assert (events[0].source, events[0].destination) == ("0.0.0.104", "0.0.0.60")


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(0, 70))
def test_newest_grave_is_the_last_that_decode_finds(priorities: list[int], cut: int) -> None:
    content = b"".join(
        records.event(number, priority=each) + records.other()
        for number, each in enumerate(priorities)
    )
    content = content[: max(0, len(content) - cut)]
    found, looked_at = unified2.newest_grave(content, 1)
    events, taken = unified2.decode(content)
    graves = [event for event in events if event.priority <= 1]
    assert found == (graves[-1] if graves else None)
    assert looked_at <= taken


@given(st.binary(max_size=300))
def test_newest_grave_of_any_bytes_ends(content: bytes) -> None:
    found, looked_at = unified2.newest_grave(content, 1)
    assert 0 <= looked_at <= len(content)
    assert found is None or found.priority <= 1
