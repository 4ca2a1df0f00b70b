# SPDX-License-Identifier: MIT
"""The socket that the page is served on: open one, name it, ask whether someone answers there."""

from __future__ import annotations

import argparse
import errno
import socket
from collections.abc import Mapping
from ipaddress import ip_address

from appliance.errors import AddressInUseError, GloveboxError, InputError, PrivilegeError

DEFAULT_PORT = 8080
Place = tuple[str | None, int]
"""Address (None: all of this machine) and port."""


def parse(text: str) -> Place:
    """Read `[ADDR:]PORT`; an IPv6 address stands in brackets.

    Raises argparse.ArgumentTypeError, for use as an argparse type.
    """
    host, _, port = text.rpartition(":")
    try:
        address = str(ip_address(host.removeprefix("[").removesuffix("]"))) if host else None
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}': '{host}' is no IP address") from None
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise argparse.ArgumentTypeError(f"'{text}': expected [ADDR:]PORT, with a port up to 65535")
    return address, int(port)


def open_socket(place: Place) -> socket.socket:
    """Return a listening TCP socket; without an address for IPv4 and IPv6 alike.

    Raises AddressInUseError, PrivilegeError for a port below 1024, InputError for an address that
    is not this machine's.
    """
    address, port = place
    try:
        if address is None and socket.has_dualstack_ipv6():
            return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        family = socket.AF_INET6 if ":" in (address or "") else socket.AF_INET
        return socket.create_server((address or "0.0.0.0", port), family=family)
    except OSError as error:
        raise _translated(error, place) from error


def _translated(error: OSError, place: Place) -> OSError | GloveboxError:
    address, port = place
    if error.errno == errno.EADDRINUSE:
        return AddressInUseError(f"port {port} is in use: choose another with --listen")
    if error.errno == errno.EACCES:
        return PrivilegeError(f"port {port} is privileged: CAP_NET_BIND_SERVICE is missing")
    if error.errno == errno.EADDRNOTAVAIL:
        return InputError(f"{address} is not an address of this machine")
    return error


def url(listening: socket.socket) -> str:
    """Name a listening socket as browsers do: http://192.0.2.1:8080."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def answers(
    listening: socket.socket, path: str, patience: float, fields: Mapping[str, str] | None = None
) -> bool:
    """Tell whether the server behind `listening` answers a request for `path`, whatever it says.

    `fields` are sent along.
    Waits at most `patience` seconds. A wildcard address connects to this machine itself (ip(7)).
    """
    try:
        with socket.socket(listening.family, socket.SOCK_STREAM) as client:
            client.settimeout(patience)
            client.connect(listening.getsockname())
            lines = {"Host": "localhost", **(fields or {})}.items()
            head = "".join(f"{name}: {value}\r\n" for name, value in lines)
            client.sendall(f"GET {path} HTTP/1.0\r\n{head}\r\n".encode())
            return client.recv(5) == b"HTTP/"
    except OSError:
        return False
