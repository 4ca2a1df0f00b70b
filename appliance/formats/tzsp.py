# SPDX-License-Identifier: MIT
"""TZSP, the TaZmen Sniffer Protocol: a captured frame behind a short header in a UDP datagram.

Layout, big-endian: u8 version (1), u8 type, u16 encapsulation, tags, frame. A tag is u8 type,
u8 length, value; PADDING and END are one byte alone. END closes the tags.
Sources: Network Chemistry application note AN001; Wireshark, dissector reference `tzsp`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from appliance.errors import DecodeError

PORT = 37008
VERSION = 1

_HEADER = struct.Struct("!BBH")
# The longest list of tags that any sender is known to write has ten. A datagram of nothing but
# empty tags would cost as much as thousands of frames.
MOST_TAGS = 64


class UnsupportedEncapsulation(DecodeError):
    """A frame of a kind that has no sound form as an Ethernet frame."""


class PacketType(IntEnum):
    """What a datagram is for; RECEIVED and TRANSMIT carry a frame."""

    RECEIVED = 0
    TRANSMIT = 1
    RESERVED = 2
    CONFIGURATION = 3
    KEEPALIVE = 4
    PORT_OPENER = 5


class Encapsulation(IntEnum):
    """The link layer of the carried frame; not the same numbers as pcap's link types."""

    ETHERNET = 1
    TOKEN_RING = 2
    SLIP = 3
    PPP = 4
    FDDI = 5
    RAW_IP = 7
    IEEE_802_11 = 18
    PRISM = 119
    RADIOTAP = 126
    AVS = 127


class Tag(IntEnum):
    """The tags that senders are known to use; others are skipped by their length."""

    PADDING = 0
    END = 1
    RSSI = 10
    SNR = 11
    RATE = 12
    TIMESTAMP = 13
    MESSAGE_TYPE = 14
    CONTENTION_FREE = 15
    DECRYPTED = 16
    FCS_ERROR = 17
    CHANNEL = 18
    PACKET_COUNT = 40
    ORIGINAL_LENGTH = 41
    SENSOR = 60


_TYPES = tuple(PacketType)
# Plain integers, bound once: a member of an enumeration costs two look-ups for each comparison.
_TRANSMIT = int(PacketType.TRANSMIT)
_PADDING, _END = int(Tag.PADDING), int(Tag.END)
_FCS_ERROR, _ORIGINAL_LENGTH = int(Tag.FCS_ERROR), int(Tag.ORIGINAL_LENGTH)


@dataclass(frozen=True, slots=True)
class Packet:
    """One decoded datagram; `payload` is a view into it, good until its buffer is refilled.

    `payload` is the frame, or what follows the header of a packet that carries none.
    `original_length` is the frame's length in bytes before the sender cut it, where it says so.
    `damaged` tells that the sender saw a wrong frame check sequence.
    """

    type: PacketType
    encapsulation: int
    payload: memoryview
    original_length: int | None = None
    damaged: bool = False

    @property
    def carries_frame(self) -> bool:
        """Tell a frame from the packets that only keep a path open or configure a sensor."""
        return self.type <= PacketType.TRANSMIT


def decode(datagram: memoryview) -> Packet:
    """Take one datagram apart.

    The encapsulation is returned as it stands, known or not. Packets without a frame are not
    looked into: some senders put no tags there, not even END.
    Raises DecodeError for a foreign version or type, a header or tag past the end, more than
    MOST_TAGS tags (padding included), a missing END, and for a frame of no bytes.
    """
    if len(datagram) < _HEADER.size:
        raise DecodeError("TZSP: shorter than its header")
    version, number, encapsulation = _HEADER.unpack_from(datagram)
    if version != VERSION:
        raise DecodeError(f"TZSP: version {version}, not {VERSION}")
    if number >= len(_TYPES):
        raise DecodeError(f"TZSP: unknown packet type {number}")
    if number > _TRANSMIT:
        return Packet(_TYPES[number], encapsulation, datagram[_HEADER.size :])
    start, original_length, damaged = _read_tags(datagram)
    if start == len(datagram):
        raise DecodeError("TZSP: no frame after END")
    return Packet(_TYPES[number], encapsulation, datagram[start:], original_length, damaged)


def _read_tags(datagram: memoryview) -> tuple[int, int | None, bool]:
    """Return where the frame starts, its original length and whether it is damaged."""
    original_length, damaged = None, False
    position, end = _HEADER.size, len(datagram)
    for _ in range(MOST_TAGS + 1):
        if position >= end:
            raise DecodeError("TZSP: no END tag")
        tag = datagram[position]
        position += 1
        if tag == _END:
            return position, original_length, damaged
        if tag == _PADDING:
            continue
        if position == end or position + 1 + datagram[position] > end:
            raise DecodeError(f"TZSP: tag {tag} runs past the end")
        value = datagram[position + 1 : position + 1 + datagram[position]]
        position += 1 + len(value)
        if tag == _ORIGINAL_LENGTH and 0 < len(value) <= 4:
            original_length = int.from_bytes(value, "big")
        elif tag == _FCS_ERROR:
            damaged = any(value)
    raise DecodeError(f"TZSP: more than {MOST_TAGS} tags")


def encode(frame: bytes | memoryview, encapsulation: int = Encapsulation.ETHERNET) -> bytes:
    """Return the datagram that carries `frame`, with no tag but END, as RouterOS sends it."""
    return b"".join(
        (_HEADER.pack(VERSION, PacketType.RECEIVED, encapsulation), bytes((Tag.END,)), frame)
    )


# The header that nearly all senders send, and the same for a frame that is to be transmitted.
USUAL_HEADER = encode(b"")
USUAL_TRANSMIT_HEADER = bytes((VERSION, PacketType.TRANSMIT)) + USUAL_HEADER[2:]
