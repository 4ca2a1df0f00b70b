"""UDP datagrams out of captured frames: what a socket would have received, from a file."""

from __future__ import annotations

from typing import NamedTuple

from appliance.errors import DecodeError
from appliance.formats import ip
from appliance.formats.ethernet import IPV4, IPV6, as_ethernet, network_layer
from appliance.formats.linktypes import LinkType
from appliance.formats.reassembly import Reassembler

_HEADER = 8


class Datagram(NamedTuple):
    """The content of a UDP datagram; `missing` bytes of its end were not captured.

    `source` is the sender's address, 4 or 16 bytes.
    """

    source: bytes
    payload: memoryview
    missing: int


class Datagrams:
    """Finds the datagrams to some UDP ports among frames, IP fragments put together."""

    def __init__(self, link_type: LinkType, ports: frozenset[int]) -> None:
        self._link_type = link_type
        self._ports = ports
        self._reassembler = Reassembler()

    @property
    def reassembly_failures(self) -> int:
        """Datagrams that lacked fragments, up to now or, after finish(), up to the end."""
        return self._reassembler.failures

    def take(self, frame: memoryview, time_us: int) -> Datagram | None:
        """Return the datagram that is in this frame, or whose last fragment is."""
        try:
            packet = self._ip_packet(frame)
        except DecodeError:
            return None
        if packet is None or packet.protocol != ip.UDP:
            return None
        if packet.key is None:
            return self._read(packet.source, packet.payload, packet.missing)
        segment = self._reassembler.add(packet, time_us)
        return None if segment is None else self._read(packet.source, memoryview(segment), 0)

    def finish(self) -> None:
        """Count the datagrams whose fragments did not all come."""
        self._reassembler.finish()

    def _ip_packet(self, frame: memoryview) -> ip.IpPacket | None:
        converted = memoryview(self._link_type.convert(frame))
        ethernet = memoryview(as_ethernet(self._link_type.encapsulation, converted))
        ether_type, offset = network_layer(ethernet)
        return ip.parse(ethernet[offset:]) if ether_type in (IPV4, IPV6) else None

    def _read(self, source: bytes, segment: memoryview, missing: int) -> Datagram | None:
        if len(segment) < _HEADER or int.from_bytes(segment[2:4], "big") not in self._ports:
            return None
        length = int.from_bytes(segment[4:6], "big")
        if not _HEADER <= length <= len(segment) + missing:
            return None
        payload = segment[_HEADER:length]
        return Datagram(source, payload, length - _HEADER - len(payload))
