# SPDX-License-Identifier: MIT
"""The frames that playing makes; a socket pair stands for the interface."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import InterfaceError
from appliance.formats.pcap import Record
from appliance.tools import outlet
from appliance.tools.captures import open_capture
from appliance.tools.outlet import Outlet
from tests.conftest import need_root
from tests.pcapfile import pcap

IPV4 = bytes.fromhex("450000140000000040010000c0000201c0000202")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Return the far end of what playing takes for its interface."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    monkeypatch.setattr(outlet, "open_interface", lambda name: near)
    far.settimeout(60)
    with near, far:
        yield far


@pytest.fixture
def notices() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def interface(wire: socket.socket, notices: list[tuple[str, str]]) -> Iterator[Outlet]:
    with closing(Outlet("tzsp0", lambda *notice: notices.append(notice))) as opened:
        yield opened


def record(frame: bytes) -> Record:
    return Record(0, frame, len(frame))


@pytest.mark.parametrize(
    ("link_type", "frame", "ether_type"),
    [
        (101, IPV4, b"\x08\x00"),
        (0, b"\x02\x00\x00\x00" + IPV4, b"\x08\x00"),
        (9, b"\xff\x03\x00\x21" + IPV4, b"\x08\x00"),
        (113, bytes.fromhex("0000 0001 0006 020304050607 0000 0800") + IPV4, b"\x08\x00"),
    ],
    ids=["IP", "BSD loopback", "PPP", "Linux cooked"],
)
def test_send_makes_ethernet_frames_of_other_link_types(
    interface: Outlet,
    wire: socket.socket,
    tmp_path: Path,
    link_type: int,
    frame: bytes,
    ether_type: bytes,
) -> None:
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(link_type=link_type))
    with open_capture(file) as capture:
        interface.begin(capture)
    interface.send(record(frame)._replace(link_type=link_type))
    assert wire.recv(2000)[12:] == ether_type + IPV4
    assert interface.played.sent_bytes == 14 + len(IPV4)
    assert interface.played.read_bytes == len(frame)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOBUFS, "no_buffer"),
        (errno.ENOMEM, "no_buffer"),
        (errno.EINVAL, "malformed"),
        (errno.ENETDOWN, "interface_down"),
        (errno.EIO, "interface_down"),
    ],
)
def test_send_counts_and_tells_what_the_kernel_refuses(
    interface: Outlet,
    notices: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: str,
) -> None:
    def refuse(frame: bytes) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(interface, "_transmit", refuse)
    interface.send(record(bytes(60)))
    assert interface.played.failed == {reason: 1}
    assert notices == [(reason, f"packet 1 not sent: tzsp0: {os.strerror(number)}")]


def test_send_goes_on_while_the_interface_is_gone(
    interface: Outlet, wire: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(frame: bytes) -> None:
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))

    def missing(name: str) -> socket.socket:
        raise InterfaceError(f"no interface {name}")

    monkeypatch.setattr(interface, "_transmit", refuse)
    with monkeypatch.context() as gone:
        gone.setattr(outlet, "open_interface", missing)
        interface.send(record(bytes(60)))
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    monkeypatch.setattr(outlet, "open_interface", lambda name: near)
    interface.send(record(b"lost, but finds the new one" * 3))
    interface.send(record(b"through the new one" * 4))
    with far:
        assert far.recv(2000) == b"through the new one" * 4
    assert interface.played.failed == {"interface_down": 2}
    assert interface.played.sent == 1


@pytest.mark.parametrize(
    ("link_type", "frame", "expected"),
    [
        (1, b"", "packet 1: no bytes"),
        (101, b"", "packet 1: no bytes"),
        (1, b"\2" * 13, "packet 1 not sent: shorter than the Ethernet header"),
        (189, b"x", "packet 1 not sent: link type 189 (USB) cannot be converted to Ethernet here"),
    ],
)
def test_send_names_what_cannot_be_sent(link_type: int, frame: bytes, expected: str) -> None:
    need_root()
    said: list[str] = []
    outlet = Outlet("lo", lambda kind, text: said.append(text))
    outlet.send(record(frame)._replace(link_type=link_type))
    outlet.close()
    assert said == [expected]
