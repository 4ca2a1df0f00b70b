# SPDX-License-Identifier: MIT
"""A port's packets and its state: packet(7), rtnetlink(7), sysfs; no thinking here."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Interface
from pathlib import Path

from appliance.dhcp.message import CLIENT_PORT, SERVER_PORT
from appliance.dhcp.policy import Surroundings
from appliance.errors import InterfaceError, PrivilegeError
from appliance.formats.ethernet import IPV4
from appliance.formats.ip import UDP
from appliance.host import links, network

# linux/if_packet.h, asm/socket.h, linux/rtnetlink.h; not in Python's socket module.
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_IGNORE_OUTGOING, _PACKET_MR_UNICAST = 263, 1, 23, 3
_EVERY_PROTOCOL = 0x0003  # linux/if_ether.h
_SO_ATTACH_FILTER = 26
_RTMGRP = 0x1 | 0x10 | 0x40 | 0x400  # link, IPv4 addresses, IPv4 and IPv6 routes
_MEMBERSHIP = struct.Struct("iHH8s")
_LARGEST = 1 << 16

# linux/bpf_common.h, linux/filter.h: in no VLAN (0 is none, IEEE 802.1Q section 9.6), UDP over
# IPv4, no later fragment, to a port of DHCP; offsets of a whole frame. The kernel took out the tag.
_LDB, _LDH, _LDH_X, _LDX_MSH, _JEQ, _JSET, _RET = 0x30, 0x28, 0x48, 0xB1, 0x15, 0x45, 0x06
_VLAN_TAG, _VLAN_NUMBER = 0xFFFFF000 + 44, 0x0FFF
_FILTER = (
    (_LDH, 0, 0, _VLAN_TAG),
    (_JSET, 10, 0, _VLAN_NUMBER),
    (_LDH, 0, 0, 12),
    (_JEQ, 0, 8, IPV4),
    (_LDB, 0, 0, 23),
    (_JEQ, 0, 6, UDP),
    (_LDH, 0, 0, 20),
    (_JSET, 4, 0, 0x1FFF),
    (_LDX_MSH, 0, 0, 14),
    (_LDH_X, 0, 0, 16),
    (_JEQ, 2, 0, SERVER_PORT),
    (_JEQ, 1, 0, CLIENT_PORT),
    (_RET, 0, 0, 0),
    (_RET, 0, 0, _LARGEST),
)


class Port:
    """Hears and says DHCP on one interface, whether or not it has an address.

    `socket` and `changes` become readable when there is a frame, or news of links, addresses or
    routes of the machine. What this machine itself sends is not heard.
    """

    def __init__(self, interface: str, station: bytes) -> None:
        """Open it; answers to `station` are let in. Raises InterfaceError, PrivilegeError."""
        self.interface, self.station = interface, station
        try:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise PrivilegeError(f"cannot listen on {interface}: CAP_NET_RAW is missing") from None
        try:
            _attach(self.socket)
            self.socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
            # Sockets of one protocol are not told of which VLAN a frame is (packet(7)).
            self.socket.bind((interface, _EVERY_PROTOCOL))
            index = socket.if_nametoindex(interface)
            request = _MEMBERSHIP.pack(index, _PACKET_MR_UNICAST, len(station), station)
            self.socket.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
        except OSError as error:
            self.socket.close()
            raise InterfaceError(f"cannot listen on {interface}: {error.strerror}") from None
        self.socket.setblocking(False)
        self.changes = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.changes.bind((0, _RTMGRP))
        self.changes.setblocking(False)

    def frames(self) -> Iterator[bytes]:
        """Return what came in since the last call."""
        while True:
            try:
                yield self.socket.recv(_LARGEST)
            except BlockingIOError:
                return
            except OSError:  # The interface went down: told once.
                continue

    def send(self, frame: bytes) -> bool:
        """Send a frame; False where the interface is down or its queue is full."""
        try:
            self.socket.send(frame)
        except OSError:
            return False
        return True

    def drain_changes(self) -> None:
        """Forget the news: whoever was woken looks for himself."""
        while True:
            try:
                self.changes.recv(_LARGEST)
            except BlockingIOError:
                return
            except OSError:  # Too many at once (ENOBUFS).
                continue

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
        self.changes.close()


def _attach(packet_socket: socket.socket) -> None:
    words = b"".join(struct.pack("HBBI", *each) for each in _FILTER)
    code = ctypes.create_string_buffer(words)
    program = struct.pack("HP", len(_FILTER), ctypes.addressof(code))
    packet_socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def look(
    interface: str, own: IPv4Interface, sniffing: str, interfaces: Path = links.INTERFACES
) -> Surroundings:
    """Return what the machine says of a port; `own` is the address that we give it to serve."""
    return Surroundings(
        present=(interfaces / interface).exists(),
        wireless=links.is_wireless(interface, interfaces),
        sniffed=interface == sniffing,
        carrier=links.has_carrier(interface, interfaces),
        link_ups=links.link_ups(interface, interfaces),
        addresses=tuple(
            address
            for address in network.ipv4_addresses(interface)
            if address != own.ip and not address.is_link_local
        ),
        default_route=network.has_default_route(interface),
    )
