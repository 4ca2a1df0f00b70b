"""UDP sockets to listen on: IPv4 and IPv6 at once where both are there, with a big buffer."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import socket
from typing import NamedTuple

from appliance.capture.tzsp import PORT
from appliance.errors import AddressInUseError, GloveboxError, InputError, PrivilegeError

RECEIVE_BUFFER = 16 << 20

# From asm-generic/socket.h; Python's socket module lacks it (socket(7)).
_SO_RCVBUFFORCE = 33
_NOT_HERE = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class Endpoint(NamedTuple):
    """Where to listen; without an address on all of them."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
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
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":") or str(PORT)
    if text.isdigit():
        return "", text
    host, colon, port = text.rpartition(":")
    if not colon or ":" in host:
        return text, str(PORT)
    return host, port


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
        return AddressInUseError(f"{endpoint} is held by another process (`ss -ulnp` names it)")
    if error.errno == errno.EACCES:
        return PrivilegeError(f"{endpoint}: CAP_NET_BIND_SERVICE is missing (root has it)")
    if error.errno in _NOT_HERE:
        return InputError(f"{endpoint}: no such address on this machine")
    return InputError(f"{endpoint}: {error.strerror}")


def set_receive_buffer(receiver: socket.socket, size: int) -> int:
    """Ask for a receive buffer of `size` bytes and return what the kernel gave.

    Beyond net.core.rmem_max it takes CAP_NET_ADMIN. The kernel counts twice what is asked for, as
    its own books need room (socket(7)); returned is the half that datagrams can use.
    """
    try:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except PermissionError:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    return receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
