# SPDX-License-Identifier: MIT
"""The sniffing interface: open it for sending, ask its MTU (packet(7), netdevice(7))."""

from __future__ import annotations

import errno
import fcntl
import socket
import struct

from appliance.errors import InterfaceError, PrivilegeError

LONGEST_NAME = 15
SIOCGIFMTU = 0x8921
ARPHRD_ETHER = 1
ARPHRD_LOOPBACK = 772
IFREQ = struct.Struct("16si20x")


def open_interface(name: str) -> socket.socket:
    """Return a packet socket whose sends go out on interface `name`, frames whole from byte 0.

    Protocol 0: the socket receives nothing. PACKET_QDISC_BYPASS stays off: with it sniffers on
    the same interface miss most frames. Raises InterfaceError where the interface is missing or
    carries no Ethernet, PrivilegeError without CAP_NET_RAW.
    """
    try:
        packet_socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise PrivilegeError(
            f"cannot send on interface {name}: CAP_NET_RAW is missing (root has it)"
        ) from None
    try:
        _bind(packet_socket, name)
    except BaseException:
        packet_socket.close()
        raise
    return packet_socket


def _bind(packet_socket: socket.socket, name: str) -> None:
    try:
        packet_socket.bind((_checked(name), 0))
    except OSError as error:
        raise _translated(error, name) from None
    hardware_type = packet_socket.getsockname()[3]
    if hardware_type not in (ARPHRD_ETHER, ARPHRD_LOOPBACK):
        raise InterfaceError(f"interface {name} carries no Ethernet (ARP type {hardware_type})")


def mtu(name: str) -> int:
    """Return the MTU of interface `name` in bytes, without the 14 of the Ethernet header.

    Raises InterfaceError where there is no such interface.
    """
    request = IFREQ.pack(_checked(name).encode(), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket, SIOCGIFMTU, request)
        except OSError as error:
            raise _translated(error, name) from None
    return int(IFREQ.unpack(answer)[1])


def _checked(name: str) -> str:
    if not name.isprintable() or not 0 < len(name.encode()) <= LONGEST_NAME:
        raise InterfaceError(f"no interface {name!r}: a name has 1 to {LONGEST_NAME} characters")
    return name


def _translated(error: OSError, name: str) -> OSError | InterfaceError:
    if error.errno in (errno.ENODEV, errno.ENXIO):
        return InterfaceError(f"no interface {name}: `ip link` lists those there are")
    return error
