# SPDX-License-Identifier: MIT
"""The radio headers that capture drivers put in front of 802.11 frames: radiotap, Prism, AVS.

Each `strip_*` returns the bare 802.11 frame and whether its header is padded to four bytes.
Sources: radiotap.org, "Defined fields"; linux-wlan-ng, doc/capturefrm.txt.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from appliance.errors import DecodeError
from appliance.formats.ieee80211 import FCS_LENGTH, without_fcs

Strip = Callable[[memoryview], tuple[memoryview, bool]]

_RADIOTAP = struct.Struct("<BBHI")
_WORD = struct.Struct("<I")
_TSFT, _FLAGS, _EXTENDED = 1 << 0, 1 << 1, 1 << 31
# One for each name space of fields; drivers write up to five, one for each antenna and one for all.
MOST_PRESENCE_WORDS = 32
_FLAG_FCS, _FLAG_PADDED, _FLAG_BAD_FCS = 0x10, 0x20, 0x40

_MAGIC_AND_LENGTH = {"little": struct.Struct("<II"), "big": struct.Struct(">II")}
_PRISM_MESSAGES = (0x41, 0x44)
_AVS_MAGIC, _AVS_MASK = 0x80211000, 0xFFFFF000


def strip_radiotap(payload: memoryview) -> tuple[memoryview, bool]:
    """Take off a radiotap header and the frame check sequence that its Flags announce.

    Raises DecodeError for a header that does not fit and for a frame damaged on the air.
    """
    fields = _radiotap_fields(payload)
    _, _, length, present = _RADIOTAP.unpack_from(payload)
    flags = 0
    if present & _FLAGS:
        # TSFT comes first: 8 bytes, aligned to 8 from the start of the header.
        position = (fields + 7) // 8 * 8 + 8 if present & _TSFT else fields
        if position >= length:
            raise DecodeError("radiotap: fields run past the header")
        flags = payload[position]
    if flags & _FLAG_BAD_FCS:
        raise DecodeError("radiotap: damaged on the air")
    frame = payload[length:]
    frame = frame[:-FCS_LENGTH] if flags & _FLAG_FCS else without_fcs(frame)
    return frame, bool(flags & _FLAG_PADDED)


def is_radiotap(payload: memoryview) -> bool:
    """Tell a radiotap header from a bare 802.11 frame.

    Of those only an association request begins with two zero bytes; its Duration would have to be
    a length that ends inside the frame and behind all presence words.
    """
    try:
        return bytes(payload[:2]) == b"\0\0" and _radiotap_fields(payload) > 0
    except DecodeError:
        return False


def _radiotap_fields(payload: memoryview) -> int:
    """Return the offset of the first field, behind the presence words."""
    if len(payload) < _RADIOTAP.size:
        raise DecodeError("radiotap: shorter than its header")
    version, _, length, present = _RADIOTAP.unpack_from(payload)
    if version != 0 or not _RADIOTAP.size <= length <= len(payload):
        raise DecodeError("radiotap: version or length does not fit")
    position = _RADIOTAP.size
    for _ in range(MOST_PRESENCE_WORDS):
        if not present & _EXTENDED:
            return position
        if position + _WORD.size > length:
            raise DecodeError("radiotap: presence words run past the header")
        (present,) = _WORD.unpack_from(payload, position)
        position += _WORD.size
    raise DecodeError(f"radiotap: more than {MOST_PRESENCE_WORDS} presence words")


def strip_avs(payload: memoryview) -> tuple[memoryview, bool]:
    """Take off an AVS header: u32 magic, u32 length of the header, big-endian."""
    if not is_avs(payload):
        raise DecodeError("AVS: wrong magic number")
    return _behind_header(payload, "big")


def is_avs(payload: memoryview) -> bool:
    """Tell whether an AVS header comes first, by its magic number."""
    return int.from_bytes(payload[:4], "big") & _AVS_MASK == _AVS_MAGIC


def strip_prism(payload: memoryview) -> tuple[memoryview, bool]:
    """Take off a Prism header: u32 message code, u32 length of the header, in host byte order.

    Drivers have been known to put AVS in its place.
    """
    if is_avs(payload):
        return strip_avs(payload)
    for order in ("little", "big"):
        if int.from_bytes(payload[:4], order) in _PRISM_MESSAGES:
            return _behind_header(payload, order)
    raise DecodeError("Prism: unknown message code")


def _behind_header(payload: memoryview, order: str) -> tuple[memoryview, bool]:
    layout = _MAGIC_AND_LENGTH[order]
    if len(payload) < layout.size:
        raise DecodeError("radio header: cut off")
    _, length = layout.unpack_from(payload)
    if not layout.size <= length <= len(payload):
        raise DecodeError("radio header: length does not fit")
    return without_fcs(payload[length:]), False
