# SPDX-License-Identifier: MIT
"""UDP datagrams out of captured frames: what a socket would have received, from a file."""

from __future__ import annotations

from typing import NamedTuple

from appliance.errors import DecodeError
from appliance.formats import ip
from appliance.formats.checksum import is_right
from appliance.formats.ethernet import IPV4, IPV6, as_ethernet, network_layer
from appliance.formats.linktypes import link_type
from appliance.formats.pcap import Record
from appliance.formats.reassembly import Reassembler

_HEADER = 8


class Datagram(NamedTuple):
    """The content of a UDP datagram; `missing` bytes of its end were not captured.

    `source` and `destination` are addresses, 4 or 16 bytes.
    """

    source: bytes
    destination: bytes
    payload: memoryview
    missing: int


class Datagrams:
    """Finds the datagrams to some UDP ports among frames, IP fragments put together."""

    def __init__(self, ports: frozenset[int]) -> None:
        self._ports = ports
        self._reassembler = Reassembler(self._is_sound, self._is_ours)
        #: Datagrams to the ports that were whole, but with a wrong UDP checksum.
        self.checksum_errors = 0
        #: Datagrams to the ports that say of themselves to be longer than what came, or too short.
        self.length_errors = 0

    @property
    def reassembly_failures(self) -> int:
        """Datagrams that lacked fragments, up to now or, after finish(), up to the end."""
        return self._reassembler.failures

    def take(self, record: Record) -> Datagram | None:
        """Return the datagram that is in this frame, or whose last fragment is."""
        try:
            packet = self._ip_packet(record)
        except DecodeError:
            return None
        if packet is None or packet.protocol != ip.UDP:
            return None
        if packet.key is not None:
            segment = self._reassembler.add(packet, record.time_us)
            return None if segment is None else self._read(packet, memoryview(segment), 0)
        if not self._is_ours(packet.payload) or self._is_sound(packet, packet.payload):
            return self._read(packet, packet.payload, packet.missing)
        self.checksum_errors += 1
        return None

    def finish(self) -> None:
        """Count the datagrams whose fragments did not all come."""
        self._reassembler.finish()

    def _ip_packet(self, record: Record) -> ip.IpPacket | None:
        kind = link_type(record.link_type)
        converted = memoryview(kind.convert(memoryview(record.frame)))
        ethernet = memoryview(as_ethernet(kind.encapsulation, converted))
        ether_type, offset = network_layer(ethernet)
        return ip.parse(ethernet[offset:]) if ether_type in (IPV4, IPV6) else None

    def _is_ours(self, segment: bytes | memoryview) -> bool:
        return len(segment) >= 4 and int.from_bytes(segment[2:4], "big") in self._ports

    def _is_sound(self, packet: ip.IpPacket, segment: bytes | memoryview) -> bool:
        return is_right(packet.source, packet.destination, memoryview(segment))

    def _read(self, packet: ip.IpPacket, segment: memoryview, missing: int) -> Datagram | None:
        if len(segment) < _HEADER or not self._is_ours(segment):
            return None
        length = int.from_bytes(segment[4:6], "big")
        if not _HEADER <= length <= len(segment) + missing:
            self.length_errors += 1
            return None
        payload = segment[_HEADER:length]
        return Datagram(packet.source, packet.destination, payload, length - _HEADER - len(payload))
