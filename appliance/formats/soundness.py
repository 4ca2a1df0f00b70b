# SPDX-License-Identifier: MIT
"""Whether a host would take a frame: the checksums of IPv4, TCP and UDP (RFC 791, 9293, 768)."""

from __future__ import annotations

import struct

from appliance.errors import DecodeError
from appliance.formats import checksum, ip
from appliance.formats.ethernet import IPV4, IPV6, network_layer

TCP, UDP = 6, 17
_SHORTEST = {TCP: 20, UDP: 8}


def is_sound(frame: memoryview) -> bool | None:
    """Tell whether the checksums in an Ethernet frame fit; None where there are none to look at.

    None is all but TCP and UDP, fragments, what a capture cut off, and UDP without a checksum. A
    sum of the addresses alone, which a network card was to complete, does not fit: no host has got
    the frame like that.
    """
    ether_type, start = network_layer(frame)
    if ether_type not in (IPV4, IPV6):
        return None
    try:
        packet = ip.parse(frame[start:])
    except DecodeError:
        return None
    if (
        packet.key
        or packet.missing
        or len(packet.payload) < _SHORTEST.get(packet.protocol, 1 << 16)
    ):
        return None
    if packet.protocol == UDP and not int.from_bytes(packet.payload[6:8], "big"):
        return None
    if ether_type == IPV4 and not checksum.adds_up(0, frame[start : start + _length(frame, start)]):
        return False
    content = packet.source + packet.destination
    content += struct.pack("!IHH", len(packet.payload), 0, packet.protocol)
    return checksum.adds_up(checksum.word_sum(content), packet.payload)


def _length(frame: memoryview, start: int) -> int:
    """Return the length of an IPv4 header."""
    return (frame[start] & 0x0F) * 4
