# SPDX-License-Identifier: MIT
"""Any frame that TZSP carries as an Ethernet frame, and what stands behind an Ethernet header."""

from __future__ import annotations

import struct
from collections.abc import Callable

from appliance.errors import DecodeError
from appliance.formats import radio
from appliance.formats.ieee80211 import data_to_ethernet, without_fcs
from appliance.formats.tzsp import Encapsulation, UnsupportedEncapsulation

__all__ = ["HEADER_LENGTH", "UnsupportedEncapsulation", "as_ethernet", "network_layer"]

HEADER_LENGTH = 14
IPV4, IPV6 = 0x0800, 0x86DD

# Frames that had no addresses get locally administered ones: to …:01, from …:02.
_ADDRESSES = bytes.fromhex("020000000001 020000000002")
_IP_HEADERS = {4: _ADDRESSES + IPV4.to_bytes(2, "big"), 6: _ADDRESSES + IPV6.to_bytes(2, "big")}

_PPP_ADDRESS_AND_CONTROL = b"\xff\x03"
_PPP_IP = (0x0021, 0x0057)
_SLIP_END = 0xC0
# RFC 1055 has 1006 bytes, and escapes may double the largest in use (1500): to look for them in
# 64 KiB costs a hundred times what an ordinary frame of that size does.
_LONGEST_SLIP = 4096

_U16 = struct.Struct("!H")
_VLAN_TYPES = (0x8100, 0x88A8, 0x9100)
# Two are in use (IEEE 802.1Q); more would only keep the CPU of a sensor busy.
_MOST_VLAN_TAGS = 4
_PPPOE_SESSION, _PPPOE_HEADER = 0x8864, 6
_ETHER_TYPE_OF_PPP = {0x0021: IPV4, 0x0057: IPV6}


def as_ethernet(
    encapsulation: int, payload: memoryview, damaged: bool = False
) -> memoryview | bytes:
    """Return the frame as an Ethernet frame: the same view where it is one already.

    `damaged` is what the datagram said (tzsp.Packet): a frame with a wrong check sequence is not
    handed on. VLAN tags stay.
    Raises UnsupportedEncapsulation where no sound conversion exists, DecodeError where the bytes
    do not follow their encapsulation.
    """
    if damaged:
        raise DecodeError("damaged before it was captured")
    if encapsulation == _ETHERNET:
        if len(payload) < HEADER_LENGTH:
            raise DecodeError("Ethernet: shorter than its header")
        return payload
    convert = _CONVERSIONS.get(encapsulation)
    if convert is None:
        raise UnsupportedEncapsulation(f"no conversion for encapsulation {encapsulation}")
    return convert(payload)


def _from_ip(packet: memoryview) -> bytes:
    if not packet:
        raise DecodeError("IP: empty")
    header = _IP_HEADERS.get(packet[0] >> 4)
    if header is None:
        raise UnsupportedEncapsulation("neither IPv4 nor IPv6")
    return header + packet


def _from_ppp(payload: memoryview) -> bytes:
    """Convert IP in PPP, with or without address and control, full or short protocol (RFC 1661)."""
    if payload[:2] == _PPP_ADDRESS_AND_CONTROL:
        payload = payload[2:]
    length = 1 if payload and payload[0] & 1 else 2
    if len(payload) <= length:
        raise DecodeError("PPP: cut off")
    if int.from_bytes(payload[:length], "big") not in _PPP_IP:
        raise UnsupportedEncapsulation("PPP: neither IPv4 nor IPv6")
    return _from_ip(payload[length:])


def _from_slip(payload: memoryview) -> bytes:
    """Convert IP from SLIP, bare as Wireshark takes it, or still in its framing (RFC 1055)."""
    if payload and payload[0] == _SLIP_END:
        if len(payload) > _LONGEST_SLIP:
            raise DecodeError("SLIP: longer than any packet on such a line")
        content = bytes(payload).strip(b"\xc0")
        content = content.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
        payload = memoryview(content)
    return _from_ip(payload)


def _from_ieee80211(payload: memoryview) -> bytes:
    if radio.is_radiotap(payload):
        return _behind(radio.strip_radiotap, payload)
    return data_to_ethernet(without_fcs(payload))


def _from_avs(payload: memoryview) -> bytes:
    """Convert AVS; 127 is also pcap's number for radiotap, and some senders mean that."""
    if radio.is_radiotap(payload):
        return _behind(radio.strip_radiotap, payload)
    return _behind(radio.strip_avs, payload)


def _behind(strip: radio.Strip, payload: memoryview) -> bytes:
    frame, padded = strip(payload)
    return data_to_ethernet(frame, padded)


_ETHERNET = int(Encapsulation.ETHERNET)
_CONVERSIONS: dict[int, Callable[[memoryview], bytes]] = {
    Encapsulation.RAW_IP: _from_ip,
    Encapsulation.PPP: _from_ppp,
    Encapsulation.SLIP: _from_slip,
    Encapsulation.IEEE_802_11: _from_ieee80211,
    Encapsulation.RADIOTAP: lambda payload: _behind(radio.strip_radiotap, payload),
    Encapsulation.PRISM: lambda payload: _behind(radio.strip_prism, payload),
    Encapsulation.AVS: _from_avs,
}


def network_layer(frame: memoryview) -> tuple[int, int]:
    """Return EtherType and offset of what stands behind the addresses, VLAN tags and PPPoE.

    Where the frame ends before, the offset is its length or more.
    """
    position = HEADER_LENGTH - 2
    ether_type = _u16(frame, position)
    for _ in range(_MOST_VLAN_TAGS):
        if ether_type not in _VLAN_TYPES:
            break
        position += 4
        ether_type = _u16(frame, position)
    if ether_type == _PPPOE_SESSION:
        position += _PPPOE_HEADER + 2
        ether_type = _ETHER_TYPE_OF_PPP.get(_u16(frame, position), 0)
    return ether_type, position + 2


def _u16(frame: memoryview, position: int) -> int:
    return int(_U16.unpack_from(frame, position)[0]) if position + 2 <= len(frame) else 0
