# SPDX-License-Identifier: MIT
"""What devices tell of themselves: addresses and names in ARP, DHCP, mDNS and neighbour discovery.

Pure: a frame in, announcements out (RFC 826, RFC 2131, RFC 6762, RFC 4861 section 4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.dhcp import message as dhcp
from appliance.errors import DecodeError
from appliance.formats import dns_message, ip
from appliance.formats.ethernet import IPV4, IPV6, network_layer
from appliance.formats.ip import IpPacket

ARP, DHCP, MDNS, DISCOVERY = "ARP", "DHCP", "mDNS", "neighbour discovery"
ETHER_TYPE_ARP, MDNS_PORT, ICMPV6 = 0x0806, 5353, 58
LONGEST_NAME = 63
# Hardware and protocol type, their lengths, operation, sender's MAC address and IP address.
_ARP = struct.Struct("!HHBBH6s4s")
_ETHERNET_AND_IPV4 = (1, IPV4, 6, 4)
_UDP = struct.Struct("!HHHH")
# Where options begin in each message, by its type (RFC 4861 sections 4.1 to 4.4).
_OPTIONS_AT = {133: 8, 134: 16, 135: 24, 136: 24}
_ADVERTISEMENT, _SOURCE_OPTION, _TARGET_OPTION = 136, 1, 2
_LOCAL = b".local"


@dataclass(frozen=True, slots=True)
class Introduction:
    """A device's address (4 or 16 bytes), its MAC address (6), its name if it told one, and how."""

    address: bytes
    station: bytes
    name: str
    how: str


def announcements(frame: memoryview) -> list[Introduction]:
    """Return what a frame announces. Raises DecodeError where it does not follow its format."""
    ether_type, position = network_layer(frame)
    if ether_type == ETHER_TYPE_ARP:
        return _of_arp(frame[position:])
    if ether_type not in (IPV4, IPV6):
        return []
    packet = ip.parse(frame[position:])
    if packet.key is not None:
        return []
    station = bytes(frame[6:12])
    if packet.protocol == ICMPV6:
        return list(_of_discovery(packet))
    return _of_udp(packet, station) if packet.protocol == ip.UDP else []


def clean(name: bytes) -> str:
    """Return a device's own name, printable and short; empty where nothing is left."""
    text = name.removesuffix(_LOCAL).decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable() and c != "\ufffd")[:LONGEST_NAME].strip()


def _of_arp(packet: memoryview) -> list[Introduction]:
    if len(packet) < _ARP.size:
        raise DecodeError("ARP: cut off")
    *kinds, _, station, address = _ARP.unpack_from(packet)
    # A probe asks whether anybody has an address, and has none itself (RFC 5227).
    if tuple(kinds) != _ETHERNET_AND_IPV4 or not any(address):
        return []
    return [Introduction(address, station, "", ARP)]


def _of_udp(packet: IpPacket, station: bytes) -> list[Introduction]:
    if len(packet.payload) < _UDP.size:
        raise DecodeError("UDP: cut off")
    _, port, _, _ = _UDP.unpack_from(packet.payload)
    content = packet.payload[_UDP.size :]
    if port in (dhcp.SERVER_PORT, dhcp.CLIENT_PORT):
        return _of_dhcp(dhcp.parse(bytes(content)))
    return _of_mdns(packet.source, station, content) if port == MDNS_PORT else []


def _of_dhcp(told: dhcp.Message) -> list[Introduction]:
    asks = told.kind is dhcp.Kind.REQUEST
    address = told.wanted if asks else told.address if told.kind is dhcp.Kind.ACK else None
    if address is None or address == dhcp.NOWHERE or len(told.client) != 6:
        return []
    # A server may answer with a name of its own choice; the device's is in the question.
    return [Introduction(address.packed, told.client, clean(told.name) if asks else "", DHCP)]


def _of_mdns(source: bytes, station: bytes, content: memoryview) -> list[Introduction]:
    found = dns_message.host_addresses(content)
    # Others' addresses may be told by a proxy, or by whoever wants to be taken for them.
    names = [clean(name) for name, address in found if address == source]
    return [Introduction(source, station, names[0] if names else "", MDNS)]


def _of_discovery(packet: IpPacket) -> Iterator[Introduction]:
    content = bytes(packet.payload)
    start = _OPTIONS_AT.get(content[0]) if content else None
    if start is None:
        return
    if len(content) < start:
        raise DecodeError("ICMPv6: cut off")
    tells = content[0] == _ADVERTISEMENT
    address = content[8:24] if tells else packet.source
    station = _option(content[start:], _TARGET_OPTION if tells else _SOURCE_OPTION)
    if station and any(address):
        yield Introduction(address, station, "", DISCOVERY)


def _option(options: bytes, wanted: int) -> bytes:
    while len(options) >= 8:
        size = options[1] * 8
        if not size:
            raise DecodeError("ICMPv6: an option without a length")
        if options[0] == wanted:
            return options[2:8]
        options = options[size:]
    return b""
