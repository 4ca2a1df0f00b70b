# SPDX-License-Identifier: MIT
"""The link types of capture files, and what TZSP calls their frames.

Most frames fit a TZSP encapsulation as they are. Headers that only capture files have are replaced:
BSD loopback (a protocol family before IP), Linux cooked, version 1 and 2, and what serial lines
put before IP. Sources: tcpdump.org/linktypes.html, LINKTYPE_NULL, LINKTYPE_LINUX_SLL,
LINKTYPE_LINUX_SLL2, LINKTYPE_PPP_HDLC, LINKTYPE_PPP_ETHER, LINKTYPE_C_HDLC.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple

from appliance.errors import DecodeError, InputError
from appliance.formats.tzsp import Encapsulation, UnsupportedEncapsulation

_COOKED = struct.Struct("!HHH8sH")
_COOKED_2 = struct.Struct("!HHIHBB8s")
_ETHER_TYPE = struct.Struct("!H")

_BROADCAST, _UNKNOWN_ADDRESS = b"\xff" * 6, bytes(6)
_PACKET_BROADCAST = 1
# What stands behind these is no EtherType's content: 802.11 in four forms, netlink.
_ARP_TYPES_WITHOUT_ETHER_TYPE = (801, 802, 803, 804, 824)
_LOWEST_ETHER_TYPE = 0x0600
# "802.3 frames" and "802.2 LLC" of Linux: the length field comes back in their place.
_LENGTH_FRAMES = (0x0001, 0x0004)

# AF_INET, and AF_INET6 of Linux, of NetBSD, FreeBSD and macOS, in either byte order.
_IP_FAMILIES = frozenset(
    family.to_bytes(4, order) for family in (2, 10, 24, 28, 30) for order in ("little", "big")
)

# Unicast and broadcast; PPP begins with ff, or with the protocol.
_CISCO_ADDRESSES = (b"\x0f", b"\x8f")
_PPP_OF_ETHER_TYPE = {b"\x08\x00": b"\x00\x21", b"\x86\xdd": b"\x00\x57"}
_PPPOE_SESSION, _PPPOE_HEADER = b"\x88\x64", 8


class LinkType(NamedTuple):
    """A kind of frames: what it is called, and as which encapsulation `convert` gives it."""

    name: str
    encapsulation: Encapsulation
    convert: Callable[[memoryview], memoryview | bytes]


def link_type(number: int) -> LinkType:
    """Return the link type with a LINKTYPE_ number.

    The `convert` of one that is not known here raises UnsupportedEncapsulation for each frame.
    """
    return _LINK_TYPES.get(number) or _unknown(number)


def require_known(numbers: Iterable[int], capture: str) -> None:
    """Raise InputError, naming capture and link type, where none of the link types is known."""
    first = None
    for number in numbers:
        if number in _LINK_TYPES:
            return
        first = number if first is None else first
    if first is not None:
        raise InputError(f"{capture}: {_unknown(first).name} cannot be converted to Ethernet here")


def _unknown(number: int) -> LinkType:
    name = f"link type {number}"
    if number in _OTHER_NAMES:
        name += f" ({_OTHER_NAMES[number]})"

    def refuse(frame: memoryview) -> bytes:
        raise UnsupportedEncapsulation(f"{name} cannot be converted to Ethernet here")

    return LinkType(name, Encapsulation.ETHERNET, refuse)


def _as_it_is(frame: memoryview) -> memoryview:
    return frame


def _from_loopback(frame: memoryview) -> memoryview:
    if len(frame) < 4:
        raise DecodeError("loopback: shorter than its header")
    if frame[:4].tobytes() not in _IP_FAMILIES:
        raise UnsupportedEncapsulation("loopback: neither IPv4 nor IPv6")
    return frame[4:]


def _from_cooked(frame: memoryview) -> bytes:
    if len(frame) < _COOKED.size:
        raise DecodeError("Linux cooked: shorter than its header")
    packet_type, arp_type, length, address, protocol = _COOKED.unpack_from(frame)
    source = address[:6] if length == 6 else _UNKNOWN_ADDRESS
    return _ethernet(packet_type, arp_type, source, protocol, frame[_COOKED.size :])


def _from_cooked_2(frame: memoryview) -> bytes:
    if len(frame) < _COOKED_2.size:
        raise DecodeError("Linux cooked 2: shorter than its header")
    protocol, _, _, arp_type, packet_type, length, address = _COOKED_2.unpack_from(frame)
    source = address[:6] if length == 6 else _UNKNOWN_ADDRESS
    return _ethernet(packet_type, arp_type, source, protocol, frame[_COOKED_2.size :])


def _from_serial(frame: memoryview) -> memoryview | bytes:
    """Return PPP as it is; Cisco HDLC, which the same link type holds, in PPP's form."""
    if frame[:1].tobytes() not in _CISCO_ADDRESSES:
        return frame
    if len(frame) < 4:
        raise DecodeError("Cisco HDLC: shorter than its header")
    protocol = _PPP_OF_ETHER_TYPE.get(frame[2:4].tobytes())
    if protocol is None:
        raise UnsupportedEncapsulation("Cisco HDLC: neither IPv4 nor IPv6")
    return protocol + bytes(frame[4:])


def _from_pppoe(frame: memoryview) -> bytes:
    if len(frame) < _PPPOE_HEADER:
        raise DecodeError("PPPoE: shorter than its header")
    return _UNKNOWN_ADDRESS * 2 + _PPPOE_SESSION + bytes(frame)


def _ethernet(
    packet_type: int, arp_type: int, source: bytes, protocol: int, payload: memoryview
) -> bytes:
    """Build the header that the kernel took off; the destination was never recorded."""
    if arp_type in _ARP_TYPES_WITHOUT_ETHER_TYPE:
        raise UnsupportedEncapsulation(f"Linux cooked: ARP type {arp_type}")
    if protocol in _LENGTH_FRAMES and len(payload) < _LOWEST_ETHER_TYPE:
        protocol = len(payload)
    elif protocol < _LOWEST_ETHER_TYPE:
        raise UnsupportedEncapsulation(f"Linux cooked: protocol {protocol:#06x}")
    destination = _BROADCAST if packet_type == _PACKET_BROADCAST else _UNKNOWN_ADDRESS
    return b"".join((destination, source, _ETHER_TYPE.pack(protocol), payload))


ETHERNET = LinkType("Ethernet", Encapsulation.ETHERNET, _as_it_is)
_IP = LinkType("IP", Encapsulation.RAW_IP, _as_it_is)
_SERIAL = LinkType("PPP", Encapsulation.PPP, _from_serial)
_LOOPBACK = LinkType("BSD loopback", Encapsulation.RAW_IP, _from_loopback)
_LINK_TYPES = {
    0: _LOOPBACK,
    1: ETHERNET,
    9: _SERIAL,
    12: _IP,
    50: _SERIAL,
    51: LinkType("PPPoE", Encapsulation.ETHERNET, _from_pppoe),
    101: _IP,
    104: _SERIAL,
    105: LinkType("802.11", Encapsulation.IEEE_802_11, _as_it_is),
    108: _LOOPBACK,
    113: LinkType("Linux cooked", Encapsulation.ETHERNET, _from_cooked),
    119: LinkType("802.11 with Prism header", Encapsulation.PRISM, _as_it_is),
    127: LinkType("802.11 with radiotap header", Encapsulation.RADIOTAP, _as_it_is),
    163: LinkType("802.11 with AVS header", Encapsulation.AVS, _as_it_is),
    228: _IP,
    229: _IP,
    276: LinkType("Linux cooked 2", Encapsulation.ETHERNET, _from_cooked_2),
}
_OTHER_NAMES = {
    6: "token ring",
    8: "SLIP",
    10: "FDDI",
    107: "frame relay",
    143: "DOCSIS",
    187: "Bluetooth HCI",
    189: "USB",
    192: "PPI",
    195: "802.15.4",
    201: "Bluetooth HCI",
    220: "USB",
    227: "CAN",
    239: "NFLOG",
    253: "netlink",
}
