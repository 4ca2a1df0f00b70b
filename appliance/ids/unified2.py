# SPDX-License-Identifier: MIT
"""Decode unified2, the binary log of Snort 2.9: bytes in, events out, no I/O.

A file is a row of records: u32 type, u32 length, then `length` bytes; all numbers are big-endian.
Layout: `src/sfutil/Unified2_common.h` of Snort 2.9.20, checked against the files it writes.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from appliance.errors import DecodeError

HEADER = struct.Struct(">II")
# sensor, event, second, microsecond, sid, gid, rev, classification, priority; source, destination;
# source port, destination port, protocol. What follows (impact, VLAN, MPLS label) is not used.
EVENT_IPV4 = struct.Struct(">9I4s4sHHB")
EVENT_IPV6 = struct.Struct(">9I16s16sHHB")
EVENTS = {
    7: (EVENT_IPV4, socket.AF_INET),
    72: (EVENT_IPV6, socket.AF_INET6),
    104: (EVENT_IPV4, socket.AF_INET),
    105: (EVENT_IPV6, socket.AF_INET6),
}
# Behind the protocol: impact and, with VLAN and MPLS, their labels.
LENGTHS = {7: {52, 60}, 72: {76, 84}, 104: {60}, 105: {84}}
# Those of Snort are below 210.
LARGEST_TYPE = 1000
# Type, length, and the priority of an event.
_PEEK = struct.Struct(">II32xI")
# A packet record holds at most 64 KiB of packet: whatever claims more is no unified2.
LONGEST_RECORD = 1 << 17
PROTOCOLS_WITH_PORTS = {6, 17}


class CutRecordError(DecodeError):
    """A record that ends early: `resume` bytes on, the next one begins."""

    def __init__(self, resume: int) -> None:
        super().__init__(f"a record cut off after {resume} bytes")
        self.resume = resume


@dataclass(frozen=True, slots=True)
class Event:
    """One event record. `time_us`: microseconds since 1970, UTC; `protocol`: IP protocol number."""

    time_us: int
    gid: int
    sid: int
    rev: int
    classification_id: int
    priority: int
    protocol: int
    source: str
    source_port: int | None
    destination: str
    destination_port: int | None


def decode(data: bytes | memoryview) -> tuple[list[Event], int]:
    """Return the events in `data`, which starts at a record, and the number of bytes they took.

    Records of other types count as taken. What remains is a record whose end is not there yet, or a
    malformed one. Raises DecodeError when the malformed one is the first, CutRecordError where the
    next record begins within it.
    """
    view = memoryview(data)
    events: list[Event] = []
    position = 0
    while position + HEADER.size <= len(view):
        kind, length = HEADER.unpack_from(view, position)
        if _is_malformed(kind, length):
            if position == 0:
                raise DecodeError(f"not a unified2 record: type {kind}, length {length}")
            break
        end = position + HEADER.size + length
        if end > len(view):
            break
        if resume := _cut_off(view, position, end):
            if position == 0:
                raise CutRecordError(resume)
            break
        if kind in EVENTS:
            events.append(_event(kind, view[position + HEADER.size : end]))
        position = end
    return events, position


def newest_grave(data: bytes, worst: int) -> tuple[Event | None, int]:
    """Return the last event of priority `worst` or graver, and how many bytes were looked at.

    `data` starts at a record. What remains is the same as for decode(), or malformed.
    """
    view, found, position = memoryview(data), None, 0
    while position + _PEEK.size <= len(view):
        kind, length, priority = _PEEK.unpack_from(view, position)
        end = position + HEADER.size + length
        if _is_malformed(kind, length) or kind > LARGEST_TYPE or end > len(view):
            break
        if priority <= worst and kind in EVENTS and not _cut_off(view, position, end):
            found = kind, position + HEADER.size, end
        position = end
    if found is None:
        return None, position
    kind, begin, end = found
    return _event(kind, view[begin:end]), position


def _is_malformed(kind: int, length: int) -> bool:
    shortest = EVENTS[kind][0].size if kind in EVENTS else 0
    return kind == 0 or not shortest <= length <= LONGEST_RECORD


def _cut_off(view: memoryview, position: int, end: int) -> int | None:
    """Return how many bytes there are of a record in which the next one begins, None for others.

    Both must show: nothing sensible behind it, and an event's beginning in it. Either alone may be
    chance, or somebody's addresses.
    """
    if end + HEADER.size > len(view):
        return None
    kind, length = HEADER.unpack_from(view, end)
    if kind <= LARGEST_TYPE and not _is_malformed(kind, length):
        return None
    for start in range(position + HEADER.size, end):
        if start + HEADER.size <= len(view):
            kind, length = HEADER.unpack_from(view, start)
            if length in LENGTHS.get(kind, ()):
                return start - position
    return None


def _event(kind: int, body: memoryview) -> Event:
    layout, family = EVENTS[kind]
    (
        *(_, _, second, microsecond, sid, gid, rev, classification_id, priority),
        source,
        destination,
        source_port,
        destination_port,
        protocol,
    ) = layout.unpack_from(body)
    # Elsewhere the two fields hold the ICMP type and code, or nothing; port scans have zeros there.
    ports = protocol in PROTOCOLS_WITH_PORTS and (source_port or destination_port)
    return Event(
        time_us=second * 1_000_000 + microsecond,
        gid=gid,
        sid=sid,
        rev=rev,
        classification_id=classification_id,
        priority=priority,
        protocol=protocol,
        source=socket.inet_ntop(family, source),
        source_port=source_port if ports else None,
        destination=socket.inet_ntop(family, destination),
        destination_port=destination_port if ports else None,
    )
