# SPDX-License-Identifier: MIT
"""Decode unified2, the binary log of Snort 2.9: bytes in, events out, no I/O.

A file is a row of records: u32 type, u32 length, then `length` bytes; all numbers are big-endian.
Layout: `src/sfutil/Unified2_common.h` of Snort 2.9.20, checked against the files it writes.
"""

from __future__ import annotations

import re
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
# What Snort 2.9 writes: packets, extra data and applications beside events.
WRITTEN = frozenset({*EVENTS, 2, 110, 111, 112, 113})
# How an event begins: type, length, and the number of the sensor, which is 0 in Snort.
_BEGINNING = re.compile(
    rb"(?=\0\0\0(?:\x07\0\0\0[\x34\x3c]|\x48\0\0\0[\x4c\x54]|\x68\0\0\0\x3c|\x69\0\0\0\x54)\0\0\0\0)"
)
_LONGEST = HEADER.size + 4
# The numbers of an event, before its addresses: no such beginning is among them.
_NUMBERS = HEADER.size + 9 * 4
# So many records one behind the other are no chance.
_CHAIN = 4
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
        end = position + HEADER.size + length
        if resume := _cut_off(view, position, end):
            if position == 0:
                raise CutRecordError(resume)
            break
        if _is_malformed(kind, length):
            if position == 0:
                raise DecodeError(f"not a unified2 record: type {kind}, length {length}")
            break
        if end > len(view):
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
    if kind in EVENTS:
        return length not in LENGTHS[kind]
    return kind == 0 or length > LONGEST_RECORD


def _cut_off(view: memoryview, position: int, end: int) -> int | None:
    """Return how many bytes there are of a record in which the next one begins, None for others.

    Among the numbers of an event a beginning of another is proof. Elsewhere, in somebody's packet
    or addresses, nothing sensible must follow either: each alone may be chance.
    """
    kind, length = HEADER.unpack_from(view, position)
    if _is_malformed(kind, length):
        # Its header itself may be cut off. Behind nonsense of another kind nothing is believed.
        end = position + HEADER.size
    elif kind in EVENTS and (found := _BEGINNING.search(view, position + 1, position + _NUMBERS)):
        return found.start() - position
    elif end > len(view) or _follows(view, end):
        return None
    for found in _BEGINNING.finditer(view, position + 1, min(end + _LONGEST, len(view))):
        if found.start() < end and _follows(view, found.start()):
            return found.start() - position
    return None


def _follows(view: memoryview, position: int) -> bool:
    """Tell whether records follow, or the end of what has been written so far."""
    for _ in range(_CHAIN):
        if position + HEADER.size > len(view):
            return position == len(view)
        kind, length = HEADER.unpack_from(view, position)
        if _is_malformed(kind, length) or kind > LARGEST_TYPE:
            return False
        if kind in EVENTS:
            return True
        position += HEADER.size + length
        if position > len(view):
            return kind in WRITTEN
    return True


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
