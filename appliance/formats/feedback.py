# SPDX-License-Identifier: MIT
"""Recognise our own intake among the captured frames.

A router that sniffs the path to the sensor sends what it sends once more, wrapped again, without
end. Such frames tell nothing and are dropped: what is addressed to us and is TZSP by UDP to one of
our ports. UDP of others to the same port is traffic like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from typing import NamedTuple

from appliance.errors import DecodeError
from appliance.formats import ip, tzsp
from appliance.formats.ethernet import IPV4, IPV6, network_layer
from appliance.formats.tzsp import Encapsulation, PacketType

# Deep enough for VLAN tags, PPPoE, IPv4 options or IPv6 extension headers, and the UDP ports.
_HEADERS = 256
_UDP_HEADER = 8
_SHORTEST = _UDP_HEADER + 4
_ENCAPSULATIONS = frozenset(map(int, Encapsulation))

# Where Ethernet's type and IPv4's flags and fragment offset are without VLAN tags.
_ETHER_TYPE, _FRAGMENT = slice(12, 14), slice(20, 22)
_IPV4_TYPE = IPV4.to_bytes(2, "big")
_FRAGMENT_MASK = 0x3FFF

# How long the fragments of an echo are looked for after the first, and of how many datagrams.
WATCH_S = 2.0
_MOST_DATAGRAMS = 256
# Of so many pairs of addresses at once: who forges more makes us look for those alone.
_MOST_MARKS = 4
# Where the headers of IPv4 and IPv6 hold both addresses.
_ADDRESSES = {IPV4: slice(12, 20), IPV6: slice(8, 40)}


class EchoMark(NamedTuple):
    """What all fragments of an echo bear: both addresses, `offset` bytes into the frame."""

    offset: int
    addresses: bytes


class EchoFilter:
    """Tells our own intake from other frames, all fragments of it included."""

    def __init__(self, ports: Collection[int], own: Container[bytes]) -> None:
        """Take the UDP ports that we receive on, and our addresses: 16 bytes each (ip.key_of)."""
        self._ports = frozenset(ports)
        self._port_bytes = tuple(port.to_bytes(2, "big") for port in sorted(self._ports))
        self._own = own
        #: Until then, in seconds of the caller's clock, frames may be fragments of an echo.
        self.watch_until = float("-inf")
        self._marks: dict[EchoMark, float] = {}
        # Of datagrams in fragments: when the first came, and whether it was an echo.
        self._fragmented: dict[object, tuple[float, bool]] = {}

    def marks(self, now_s: float) -> list[EchoMark]:
        """Return what the frames bear that may be fragments of an echo."""
        return [mark for mark, since in self._marks.items() if abs(now_s - since) <= WATCH_S]

    def is_echo(self, frame: memoryview, sender: bytes, now_s: float) -> bool:
        """Tell whether an Ethernet frame that `sender` (16 bytes) sent us is our own intake.

        A later fragment bears no ports: it goes with the first one of its datagram, and where that
        has not come, it is an echo if the sender sent it to us itself. Where the capture ends
        before the TZSP header, what is there must not contradict it.
        """
        # Nearly every frame ends here: the two bytes of a port are rare, and so are fragments.
        headers = bytes(frame[:_HEADERS])
        if not any(port in headers for port in self._port_bytes) and not _may_be_fragment(headers):
            return False
        packet = _udp_packet(frame)
        if packet is None or ip.key_of(packet.destination) not in self._own:
            return False
        if packet.key is None:
            return self._carries_tzsp(packet.payload, in_part=False)
        if not packet.fragment_offset:
            echo = self._carries_tzsp(packet.payload, in_part=True)
            self._remember(packet.key, echo, now_s)
            if echo:
                self._watch(_mark(frame), now_s)
            return echo
        return self._is_later_fragment(packet, sender, now_s)

    def _is_later_fragment(self, packet: ip.IpPacket, sender: bytes, now_s: float) -> bool:
        since, echo = self._fragmented.get(packet.key, (float("-inf"), False))
        if abs(now_s - since) <= WATCH_S:
            return echo
        return ip.key_of(packet.source) == sender

    def _remember(self, key: object, echo: bool, now_s: float) -> None:
        self._fragmented.pop(key, None)
        if len(self._fragmented) >= _MOST_DATAGRAMS:
            del self._fragmented[next(iter(self._fragmented))]
        self._fragmented[key] = now_s, echo

    def _watch(self, mark: EchoMark, now_s: float) -> None:
        self._marks.pop(mark, None)
        if len(self._marks) >= _MOST_MARKS:
            del self._marks[next(iter(self._marks))]
        self._marks[mark] = now_s
        self.watch_until = now_s + WATCH_S

    def _carries_tzsp(self, segment: memoryview, in_part: bool) -> bool:
        if len(segment) < _UDP_HEADER or int.from_bytes(segment[2:4], "big") not in self._ports:
            return False
        length = int.from_bytes(segment[4:6], "big")
        content = segment[_UDP_HEADER:length]
        if length < _SHORTEST or not _begins_as_tzsp(content):
            return False
        if in_part or len(content) < length - _UDP_HEADER:
            return True
        try:
            tzsp.decode(content)
        except DecodeError:
            return False
        return True


def _may_be_fragment(headers: bytes) -> bool:
    """Tell in a moment that most frames are none."""
    if headers[_ETHER_TYPE] == _IPV4_TYPE:
        return int.from_bytes(headers[_FRAGMENT], "big") & _FRAGMENT_MASK != 0
    return True


def _udp_packet(frame: memoryview) -> ip.IpPacket | None:
    ether_type, offset = network_layer(frame)
    if ether_type not in (IPV4, IPV6):
        return None
    try:
        packet = ip.parse(frame[offset:])
    except DecodeError:
        return None
    return packet if packet.protocol == ip.UDP else None


def _mark(frame: memoryview) -> EchoMark:
    """Return the mark of a frame that holds an IP packet."""
    ether_type, offset = network_layer(frame)
    addresses = _ADDRESSES[ether_type]
    return EchoMark(
        offset + addresses.start, bytes(frame[offset + addresses.start : offset + addresses.stop])
    )


def _begins_as_tzsp(content: memoryview) -> bool:
    """Tell whether nothing in the first four bytes, as far as they are there, speaks against it."""
    version, number = content[0:1] or bytes((tzsp.VERSION,)), content[1:2] or b"\0"
    if version[0] != tzsp.VERSION or number[0] > PacketType.PORT_OPENER:
        return False
    if number[0] > PacketType.TRANSMIT or len(content) < 4:
        return True
    return int.from_bytes(content[2:4], "big") in _ENCAPSULATIONS
