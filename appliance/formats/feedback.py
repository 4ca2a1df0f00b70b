"""Recognise our own intake among the captured frames.

A router that sniffs the path to the sensor sends what it sends once more, wrapped again, without
end. Such frames tell nothing and are dropped.
"""

from __future__ import annotations

import functools

from appliance.errors import DecodeError
from appliance.formats import ip, tzsp
from appliance.formats.ethernet import IPV4, IPV6, network_layer

# Deep enough for VLAN tags, PPPoE, IPv4 options or IPv6 extension headers, and the UDP ports.
_HEADERS = 256
_UDP_HEADER = 8
_SHORTEST = _UDP_HEADER + 4


def is_feedback(frame: memoryview, ports: frozenset[int]) -> bool:
    """Tell whether an Ethernet frame carries TZSP by UDP to one of `ports`.

    Of a datagram in IP fragments only the first is recognised: the others bear no ports. Where
    the capture ends before the TZSP header, what is there must not contradict it.
    """
    headers = bytes(frame[:_HEADERS])
    # Nearly every frame ends here: the two bytes of a port are rare.
    for port in _as_bytes(ports):
        if port in headers:
            return _carries_tzsp(frame, ports)
    return False


@functools.lru_cache(maxsize=16)
def _as_bytes(ports: frozenset[int]) -> tuple[bytes, ...]:
    return tuple(port.to_bytes(2, "big") for port in sorted(ports))


def _carries_tzsp(frame: memoryview, ports: frozenset[int]) -> bool:
    ether_type, offset = network_layer(frame)
    if ether_type not in (IPV4, IPV6):
        return False
    try:
        packet = ip.parse(frame[offset:])
    except DecodeError:
        return False
    segment = packet.payload
    if packet.protocol != ip.UDP or packet.fragment_offset or len(segment) < _UDP_HEADER:
        return False
    if int.from_bytes(segment[2:4], "big") not in ports:
        return False
    length = int.from_bytes(segment[4:6], "big")
    return length >= _SHORTEST and _may_be_tzsp(segment[_UDP_HEADER:length])


def _may_be_tzsp(payload: memoryview) -> bool:
    version, packet_type = payload[0:1] or b"\1", payload[1:2] or b"\0"
    return version[0] == tzsp.VERSION and packet_type[0] <= tzsp.PacketType.PORT_OPENER
