# SPDX-License-Identifier: MIT
"""802.11 data frames as Ethernet frames, by the rules that Linux follows (ieee80211_data_to_8023).

What a station would not hand on as one frame is refused: management and control frames, frames
without data, encrypted ones, fragments, A-MSDUs, mesh frames.
Sources: IEEE 802.11-2020 sections 9.2 and 9.3; IEEE 802.1H; RFC 1042.
"""

from __future__ import annotations

import zlib

from appliance.errors import DecodeError
from appliance.formats.tzsp import UnsupportedEncapsulation

_TYPE, _DATA = 0x0F, 0x08
_NO_DATA, _QOS = 0x40, 0x80
_TO_DS, _FROM_DS, _MORE_FRAGMENTS, _PROTECTED, _ORDER = 0x01, 0x02, 0x04, 0x40, 0x80
_FOUR_ADDRESSES = _TO_DS | _FROM_DS
_AMSDU, _MESH_CONTROL = 0x80, 0x01
_SEQUENCE_CONTROL = 22
# Offsets of destination and source address, by the bits To DS and From DS.
_ADDRESSES = ((4, 10), (16, 10), (4, 16), (16, 24))

_RFC1042 = b"\xaa\xaa\x03\x00\x00\x00"
_BRIDGE_TUNNEL = b"\xaa\xaa\x03\x00\x00\xf8"
_AARP_AND_IPX = (b"\x80\xf3", b"\x81\x37")
_LONGEST_802_3 = 1500
FCS_LENGTH = 4


def data_to_ethernet(frame: memoryview, padded: bool = False) -> bytes:
    """Return the Ethernet frame that an 802.11 data frame stands for.

    `frame` starts at Frame Control and has no frame check sequence. `padded` tells that its header
    was filled up to a multiple of four bytes.
    Raises UnsupportedEncapsulation for what is no plain data frame, DecodeError where the header
    is cut off.
    """
    if len(frame) < 2:
        raise DecodeError("802.11: shorter than Frame Control")
    control, flags = frame[0], frame[1]
    if control & _TYPE != _DATA or control & _NO_DATA:
        raise UnsupportedEncapsulation("802.11: no data frame")
    if flags & _PROTECTED:
        raise UnsupportedEncapsulation("802.11: encrypted")
    addresses_end = 30 if flags & _FOUR_ADDRESSES == _FOUR_ADDRESSES else 24
    header_length = addresses_end
    if control & _QOS:
        header_length += 6 if flags & _ORDER else 2
    if len(frame) < header_length:
        raise DecodeError("802.11: cut off in the header")
    if flags & _MORE_FRAGMENTS or frame[_SEQUENCE_CONTROL] & 0x0F:
        raise UnsupportedEncapsulation("802.11: fragment")
    quality = frame[addresses_end : addresses_end + 2] if control & _QOS else b"\0\0"
    if quality[0] & _AMSDU:
        raise UnsupportedEncapsulation("802.11: A-MSDU")
    start = header_length + (-header_length % 4 if padded else 0)
    # Outside a mesh the bit means other things, so LLC decides where it can.
    may_be_mesh = bool(flags & _FROM_DS and quality[1] & _MESH_CONTROL)
    destination, source = _ADDRESSES[flags & _FOUR_ADDRESSES]
    return b"".join(
        (
            frame[destination : destination + 6],
            frame[source : source + 6],
            *_type_and_data(frame[start:], may_be_mesh),
        )
    )


def _type_and_data(body: memoryview, may_be_mesh: bool) -> tuple[bytes | memoryview, memoryview]:
    """Return EtherType and payload; the length and all of it where LLC is no tunnel of a type.

    AARP and IPX keep their RFC 1042 header: bridges tell them by it from the tunnelled form.
    """
    if not body:
        raise UnsupportedEncapsulation("802.11: data frame without data")
    header, ether_type = body[:6], body[6:8]
    if len(ether_type) == 2 and (
        header == _BRIDGE_TUNNEL or (header == _RFC1042 and bytes(ether_type) not in _AARP_AND_IPX)
    ):
        return ether_type, body[8:]
    if may_be_mesh:
        raise UnsupportedEncapsulation("802.11: mesh frame")
    if len(body) > _LONGEST_802_3:
        raise UnsupportedEncapsulation("802.11: too long for a frame with a length field")
    return len(body).to_bytes(2, "big"), body


def without_fcs(frame: memoryview) -> memoryview:
    """Return `frame` without the frame check sequence at its end, if a right one is there.

    Senders do not say whether it is; 1 of 4,294,967,296 frames looks so by chance.
    """
    content = frame[:-FCS_LENGTH]
    if zlib.crc32(content) == int.from_bytes(frame[-FCS_LENGTH:], "little"):
        return content
    return frame
