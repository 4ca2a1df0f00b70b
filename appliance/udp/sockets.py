# SPDX-License-Identifier: MIT
"""UDP sockets to listen on: IPv4 and IPv6 at once where both are there, with a big buffer."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import re
import socket
import time
from collections.abc import Iterable
from typing import NamedTuple

from appliance.errors import AddressInUseError, GloveboxError, InputError, PrivilegeError
from appliance.formats.tzsp import PORT
from appliance.reports.receiver import ReceiverReport

# From asm-generic/socket.h; Python's socket module lacks it (socket(7)).
_SO_RCVBUFFORCE = 33
# The kernel doubles what it is given, in a signed 32-bit number.
_LARGEST_BUFFER = (1 << 30) - 1
_NOT_HERE = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Endpoint(NamedTuple):
    """Where to listen; without an address on all of them."""

    address: Address | None
    port: int

    def __str__(self) -> str:
        if self.address is None:
            return f"UDP port {self.port}"
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"UDP {host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """Read `PORT`, `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`, as an option of argparse."""
    host, port = _split(text)
    try:
        address = ipaddress.ip_address(host) if host else None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: {host!r} is no IP address") from None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r}: a port is a number from 1 to 65535")
    return Endpoint(address, int(port))


def _split(text: str) -> tuple[str, str]:
    """Tell the address from the port: an IPv6 address alone has colons too."""
    if text.isdigit():
        return "", text
    bracketed = re.fullmatch(r"\[([^]]+)\](?::(.*))?", text)
    if bracketed:
        return bracketed[1], str(PORT) if bracketed[2] is None else bracketed[2]
    if text.count(":") == 1:
        host, port = text.split(":")
        return host, port
    return text or "nothing", str(PORT)


def parse_addresses(text: str) -> list[Address]:
    """Read IP addresses with commas between them, as an option of argparse."""
    try:
        return [ipaddress.ip_address(address.strip()) for address in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parse_size(text: str) -> int:
    """Read a number of bytes, of KiB (`K`) or of MiB (`M`), above 0, as an option of argparse."""
    number = text.rstrip("KM")
    shift = {"": 0, "K": 10, "M": 20}.get(text[len(number) :])
    if shift is None or not (number.isascii() and number.isdigit()) or not int(number):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a size like 65536, 64K or 1M")
    return int(number) << shift


def open_listener(endpoint: Endpoint) -> socket.socket:
    """Return a bound UDP socket; without an address it hears IPv4 and IPv6, or what there is.

    Raises AddressInUseError, PrivilegeError for a port below 1024, InputError for an address that
    is not this machine's.
    """
    if endpoint.address is not None:
        family = socket.AF_INET if endpoint.address.version == 4 else socket.AF_INET6
        return _open(family, str(endpoint.address), endpoint)
    try:
        return _open(socket.AF_INET6, "::", endpoint)
    except InputError:
        return _open(socket.AF_INET, "0.0.0.0", endpoint)


def open_listeners(endpoints: Iterable[Endpoint]) -> list[socket.socket]:
    """Return a bound UDP socket for each endpoint; one that is given twice is opened once.

    Raises as open_listener() does, and InputError where two endpoints want one port.
    """
    opened: dict[Endpoint, socket.socket] = {}
    try:
        for endpoint in dict.fromkeys(endpoints):
            opened[endpoint] = _open_beside(opened, endpoint)
    except BaseException:
        for receiver in opened.values():
            receiver.close()
        raise
    return list(opened.values())


def _open_beside(opened: Iterable[Endpoint], endpoint: Endpoint) -> socket.socket:
    try:
        return open_listener(endpoint)
    except AddressInUseError:
        for other in opened:
            if other.port == endpoint.port and None in (other.address, endpoint.address):
                raise InputError(
                    f"{endpoint} is taken by {other} of the same command: leave one of them out"
                ) from None
        raise


def _open(family: socket.AddressFamily, host: str, endpoint: Endpoint) -> socket.socket:
    receiver: socket.socket | None = None
    try:
        receiver = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        receiver.bind((host, endpoint.port))
    except OSError as error:
        if receiver is not None:
            receiver.close()
        raise _explained(error, endpoint) from error
    return receiver


def _explained(error: OSError, endpoint: Endpoint) -> GloveboxError:
    if error.errno == errno.EADDRINUSE:
        return AddressInUseError(f"{endpoint} is held by {_holder(endpoint.port)}")
    if error.errno == errno.EACCES:
        return PrivilegeError(f"{endpoint}: CAP_NET_BIND_SERVICE is missing (root has it)")
    if error.errno in _NOT_HERE:
        return InputError(f"{endpoint}: no such address on this machine")
    return InputError(f"{endpoint}: {error.strerror}")


def _holder(port: int) -> str:
    """Say who has a port, as far as that is known."""
    report = ReceiverReport.read()
    if report is not None and report.is_fresh(time.time()) and port in report.ports:
        return (
            "Glovebox's own receiver"
            " (`systemctl stop glovebox-receiver.socket glovebox-receiver` frees it)"
        )
    return "another process (`ss -ulnp` names it)"


def set_receive_buffer(receiver: socket.socket, size: int) -> int:
    """Ask for a receive buffer of `size` bytes and return what the kernel gave.

    Beyond net.core.rmem_max it takes CAP_NET_ADMIN. The kernel counts twice what is asked for, as
    its own books need room (socket(7)); returned is the half that datagrams can use.
    """
    size = min(size, _LARGEST_BUFFER)
    try:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except PermissionError:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    return receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
