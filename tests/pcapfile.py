# SPDX-License-Identifier: MIT
"""A pcap reader and writer of the tests' own, so that libpcap is checked by something else."""

from __future__ import annotations

import struct

MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1),
    b"\xa1\xb2\xc3\xd4": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1000),
}

Packet = tuple[int, bytes, int]


def parse_pcap(content: bytes) -> tuple[int, list[Packet]]:
    """Read a classic pcap: link type; time in µs, frame and original length of each packet."""
    order, fraction = MAGICS[content[:4]]
    (link_type,) = struct.unpack_from(order + "I", content, 20)
    packets: list[Packet] = []
    at = 24
    while at < len(content):
        # libpcap takes seconds as unsigned and the fraction as signed, as struct timeval does.
        seconds, part, length, original = struct.unpack_from(order + "IiII", content, at)
        microseconds = int(part / fraction)
        frame = content[at + 16 : at + 16 + length]
        packets.append((seconds * 1_000_000 + microseconds, frame, original))
        at += 16 + length
    return link_type, packets


def pcap(
    *frames: bytes, link_type: int = 1, snaplen: int = 262144, times_us: tuple[int, ...] = ()
) -> bytes:
    """Write a classic pcap: the snaplen cuts frames, times are 0, 1, 2… µs unless given."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link_type)]
    for number, frame in enumerate(frames):
        seconds, microseconds = divmod(times_us[number] if times_us else number, 1_000_000)
        kept = frame[:snaplen]
        parts += [struct.pack("<IIII", seconds, microseconds, len(kept), len(frame)), kept]
    return b"".join(parts)
