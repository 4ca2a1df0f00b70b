# SPDX-License-Identifier: MIT
"""Endpoints as people write them, and the sockets that come of them."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.errors import AddressInUseError, InputError
from appliance.udp.sockets import (
    Endpoint,
    open_listener,
    open_listeners,
    parse_addresses,
    parse_endpoint,
    parse_size,
    set_receive_buffer,
)

LOOPBACK = ip_address("127.0.0.1")


@pytest.mark.parametrize(
    ("text", "address", "port", "shown"),
    [
        ("37009", None, 37009, "UDP port 37009"),
        (":37009", None, 37009, "UDP port 37009"),
        ("192.0.2.1", "192.0.2.1", 37008, "UDP 192.0.2.1:37008"),
        ("192.0.2.1:1", "192.0.2.1", 1, "UDP 192.0.2.1:1"),
        ("2001:db8::1", "2001:db8::1", 37008, "UDP [2001:db8::1]:37008"),
        ("[2001:db8::1]", "2001:db8::1", 37008, "UDP [2001:db8::1]:37008"),
        ("[2001:db8::1]:65535", "2001:db8::1", 65535, "UDP [2001:db8::1]:65535"),
        ("[::]:5", "::", 5, "UDP [::]:5"),
    ],
)
def test_parse_endpoint_reads_addresses_and_ports(
    text: str, address: str | None, port: int, shown: str
) -> None:
    endpoint = parse_endpoint(text)
    assert endpoint == Endpoint(ip_address(address) if address else None, port)
    assert str(endpoint) == shown


@pytest.mark.parametrize(
    "text",
    ["", "0", "65536", "-1", "x", "192.0.2.1:", "192.0.2.1:x", "1.2.3:5", "[::1", "[::1]5x", "²:5"]
    + ["[::1]:0", "localhost:37008", "192.0.2.1:37008:1", "+5", "1_0"],
)
def test_parse_endpoint_refuses_all_else(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_endpoint(text)


def sent_to(receiver: socket.socket, family: socket.AddressFamily, host: str) -> bytes:
    receiver.settimeout(30)
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.sendto(host.encode(), (host, receiver.getsockname()[1]))
    return receiver.recv(100)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_open_listener_without_an_address_hears_ipv4_and_ipv6(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with open_listener(Endpoint(None, 0)) as receiver:
        assert sent_to(receiver, family, host) == host.encode()


def test_open_listener_works_where_ipv6_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def without_ipv6(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        return real(family, kind)

    monkeypatch.setattr(socket, "socket", without_ipv6)
    receiver = open_listener(Endpoint(None, 0))
    monkeypatch.undo()
    with receiver:
        assert receiver.family == socket.AF_INET
        assert sent_to(receiver, socket.AF_INET, "127.0.0.1") == b"127.0.0.1"


def test_open_listener_names_a_port_that_is_taken() -> None:
    with open_listener(Endpoint(LOOPBACK, 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressInUseError, match=rf"127\.0\.0\.1:{port} is held by another"):
            open_listener(Endpoint(LOOPBACK, port))


@pytest.mark.parametrize("address", ["192.0.2.77", "2001:db8::77", "fe80::77"])
def test_open_listener_names_an_address_that_is_not_here(address: str) -> None:
    with pytest.raises(InputError, match=address):
        open_listener(Endpoint(ip_address(address), 37008))


def test_set_receive_buffer_really_sets_it() -> None:
    with open_listener(Endpoint(LOOPBACK, 0)) as receiver:
        granted = set_receive_buffer(receiver, 100_000)
        real = receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    assert granted == 100_000 == real // 2


def test_set_receive_buffer_goes_beyond_the_limit_with_the_right_to() -> None:
    limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
    script = (
        "import socket; from appliance.udp.sockets import set_receive_buffer;"
        f"print(set_receive_buffer(socket.socket(type=socket.SOCK_DGRAM), {limit * 4}))"
    )
    python = [sys.executable, "-c", script]
    if os.geteuid() == 0:
        assert int(subprocess.check_output(python)) == limit * 4
        python = ["setpriv", "--bounding-set=-net_admin", *python]
    assert int(subprocess.check_output(python)) == limit


def test_set_receive_buffer_takes_any_size() -> None:
    with open_listener(Endpoint(LOOPBACK, 0)) as receiver:
        assert 0 < set_receive_buffer(receiver, 1 << 40) < 1 << 30


def test_parse_addresses_reads_a_list() -> None:
    assert parse_addresses("192.0.2.1, 2001:db8::1") == [
        ip_address("192.0.2.1"),
        ip_address("2001:db8::1"),
    ]
    with pytest.raises(argparse.ArgumentTypeError, match="router"):
        parse_addresses("192.0.2.1,router")


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("64K", 65536), ("3M", 3 << 20)])
def test_parse_size_reads_bytes_and_their_multiples(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "0K", "K", "1KM", "-1", "1.5M", "1G", "²", "x"])
def test_parse_size_refuses_all_else(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_size(text)


def test_open_listeners_opens_once_what_is_given_twice() -> None:
    endpoint = Endpoint(ip_address("127.0.0.1"), 0)
    receivers = open_listeners([endpoint, endpoint])
    for receiver in receivers:
        receiver.close()
    assert len(receivers) == 1


def test_open_listeners_names_its_own_endpoint_that_is_in_the_way() -> None:
    with open_listener(Endpoint(ip_address("127.0.0.1"), 0)) as probe:
        port = probe.getsockname()[1]
    endpoints = [Endpoint(ip_address("127.0.0.1"), port), Endpoint(None, port)]
    for order in (endpoints, endpoints[::-1]):
        with pytest.raises(InputError, match=f"is taken by UDP .*{port} of the same command"):
            open_listeners(order)
    with open_listener(endpoints[1]):
        pass  # Nothing was left open.


def test_open_listener_names_our_own_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_listener(Endpoint(None, 0)) as first:
        port = first.getsockname()[1]
        report = SimpleNamespace(is_fresh=lambda now: True, ports=(port,))
        monkeypatch.setattr("appliance.udp.sockets.ReceiverReport.read", lambda: report)
        with pytest.raises(AddressInUseError, match="held by Glovebox's own receiver"):
            open_listener(Endpoint(None, port))
        report.ports = (port - 1,)
        with pytest.raises(AddressInUseError, match="held by another process"):
            open_listener(Endpoint(None, port))
