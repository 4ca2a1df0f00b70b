# SPDX-License-Identifier: MIT
"""Which frames are around an alert, as a pcap. Pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from appliance.evidence.packet_ring import RingFrame
from appliance.formats import plain_address

# How far the frames reach, before an alert and after it.
BEFORE_NS, AFTER_NS = 10_000_000_000, 2_000_000_000
MOST_BEFORE, MOST_AFTER = 150, 50
LARGEST = 1 << 18
_MICROSECOND = timedelta(microseconds=1)
# pcap with microseconds (draft-ietf-opsawg-pcap): version 2.4, Ethernet.
_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
_RECORD = struct.Struct("<IIII")
_NAME = re.compile(r"[1-9][0-9]{0,18}-[0-9]{1,19}", re.ASCII)


def name_of(id: int, time_us: int) -> str:
    """Return what an alert's packets are called: its number, and its time."""
    return f"{id}-{time_us}"


def time_us_of(text: str) -> int:
    """Return microseconds since 1970 of an alert's time in its public form."""
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - epoch) // _MICROSECOND


def is_name(text: str) -> bool:
    """Tell whether a text is such a name."""
    return bool(_NAME.fullmatch(text))


def patterns(source: str, destination: str) -> tuple[bytes, ...]:
    """Return what stands in packets of two hosts, in both directions; empty without addresses.

    In both versions of IP the source is followed by the destination.
    """
    ends = [plain_address.read(each) for each in (source, destination)]
    if ends[0] is None or ends[1] is None or ends[0].version != ends[1].version:
        return ()
    one, other = ends[0].packed, ends[1].packed
    return tuple({one + other: None, other + one: None})


def around(frames: Sequence[RingFrame], time_us: int) -> list[RingFrame]:
    """Return the frames nearest to a moment: LARGEST bytes at most, in their order."""
    split = sum(each.time_ns // 1000 <= time_us for each in frames)
    before, after = frames[max(0, split - MOST_BEFORE) : split], frames[split:]
    kept: list[RingFrame] = []
    room = LARGEST - len(_HEADER)
    # The one that fired is the last of those before, and goes first.
    for each in (*reversed(before), *after[:MOST_AFTER]):
        room -= len(each.frame) + _RECORD.size
        if room < 0:
            break
        kept.append(each)
    return sorted(kept, key=lambda each: each.time_ns)


def pcap(frames: Iterable[RingFrame]) -> bytes:
    """Return frames as a file that Wireshark opens."""
    parts = [_HEADER]
    for each in frames:
        seconds, rest = divmod(each.time_ns // 1000, 1_000_000)
        parts += [_RECORD.pack(seconds, rest, len(each.frame), each.length), each.frame]
    return b"".join(parts)
