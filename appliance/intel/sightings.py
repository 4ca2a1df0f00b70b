# SPDX-License-Identifier: MIT
"""From a frame to the names and addresses that a device meets by it. Pure but for fragments."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from appliance.errors import DecodeError
from appliance.formats import ethernet, ip
from appliance.formats.dns_message import parse_dns
from appliance.formats.ip import IpPacket
from appliance.formats.reassembly import Reassembler
from appliance.formats.tls_hello import is_client_hello, server_name
from appliance.intel.http_host import http_host
from appliance.intel.quic_initial import QuicNames, is_possible

TCP, UDP, DNS, HTTPS = 6, 17, 53, 443
ASKED, ALIAS, ANSWERED = "asked for", "an answer's other name", "an answer's address"
TLS, HTTP, QUIC = "called by TLS", "called by HTTP", "called by QUIC"
TO, FROM = "connection to", "connection from"

_PORTS = struct.Struct("!HH")
_UDP_HEADER = 8
_SYN, _ANSWERED = 0x02, 0x15  # the latter: FIN, RST, ACK


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a device met, and how: `name` in small letters, or an `address` of 4 or 16 bytes.

    `device` is the side that asked or called; of a connection FROM an address the one that is
    called. `other` is the other side.
    """

    how: str
    protocol: int
    device: bytes
    device_port: int
    other: bytes
    other_port: int
    name: bytes = b""
    address: bytes = b""


@dataclass
class Decoder:
    """Turns frames into sightings; keeps the fragments of datagrams for a second."""

    fragments: Reassembler = field(default_factory=Reassembler)
    quic: QuicNames | None = field(default_factory=lambda: QuicNames() if is_possible() else None)

    def decode(self, frame: memoryview, time_us: int) -> list[Sighting]:
        """Return what a frame tells. Raises DecodeError where it makes no sense."""
        ether_type, offset = ethernet.network_layer(frame)
        if ether_type not in (ethernet.IPV4, ethernet.IPV6):
            return []
        packet = ip.parse(frame[offset:])
        payload = packet.payload
        if packet.key is not None:
            whole = self.fragments.add(packet, time_us)
            if whole is None:
                return []
            payload = memoryview(whole)
        if packet.protocol == TCP:
            return list(_tcp(packet, payload))
        return (
            [*self._quic(packet, payload), *_udp(packet, payload)] if packet.protocol == UDP else []
        )

    def _quic(self, packet: IpPacket, datagram: memoryview) -> Iterator[Sighting]:
        """Yield the name that a client calls by QUIC."""
        if self.quic is None or len(datagram) < _UDP_HEADER:
            return
        source, destination = _PORTS.unpack_from(datagram)
        name = self.quic.name(datagram[_UDP_HEADER:]) if destination == HTTPS else None
        if name:
            yield _called(packet, source, destination, QUIC, name, UDP)


def _tcp(packet: IpPacket, segment: memoryview) -> Iterator[Sighting]:
    if len(segment) < 20:
        raise DecodeError("TCP: cut off")
    source, destination = _PORTS.unpack_from(segment)
    payload = segment[(segment[12] >> 4) * 4 :]
    if segment[13] & _SYN and not segment[13] & _ANSWERED:
        yield from _connection(packet, TCP, source, destination)
    if not payload:
        return
    if DNS in (source, destination):
        # A message stands behind its length (RFC 1035 section 4.2.2).
        yield from _dns(packet, TCP, source, destination, payload[2:])
    elif is_client_hello(payload):
        name = server_name(payload)
        if name:
            yield _called(packet, source, destination, TLS, name)
    elif host := http_host(payload):
        yield _called(packet, source, destination, HTTP, host)


def _udp(packet: IpPacket, datagram: memoryview) -> Iterator[Sighting]:
    if len(datagram) < _UDP_HEADER:
        raise DecodeError("UDP: cut off")
    source, destination = _PORTS.unpack_from(datagram)
    if DNS in (source, destination):
        yield from _dns(packet, UDP, source, destination, datagram[_UDP_HEADER:])
    else:
        yield from _connection(packet, UDP, source, destination)


def _dns(
    packet: IpPacket, protocol: int, source: int, destination: int, message: memoryview
) -> Iterator[Sighting]:
    if len(message) < 12:
        return
    found = parse_dns(message)
    sides = (packet.source, source, packet.destination, destination)
    if not found.is_answer:
        yield Sighting(ASKED, protocol, *sides, name=found.names[0])
        return
    sides = (packet.destination, destination, packet.source, source)
    for name in found.names[1:]:
        yield Sighting(ALIAS, protocol, *sides, name=name)
    for address in found.addresses:
        yield Sighting(ANSWERED, protocol, *sides, address=address)


def _called(
    packet: IpPacket, source: int, destination: int, how: str, name: bytes, protocol: int = TCP
) -> Sighting:
    return Sighting(how, protocol, packet.source, source, packet.destination, destination, name)


def _connection(
    packet: IpPacket, protocol: int, source: int, destination: int
) -> Iterator[Sighting]:
    to = (packet.source, source, packet.destination, destination)
    yield Sighting(TO, protocol, *to, address=packet.destination)
    back = (packet.destination, destination, packet.source, source)
    yield Sighting(FROM, protocol, *back, address=packet.source)
