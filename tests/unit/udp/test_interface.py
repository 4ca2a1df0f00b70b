# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from appliance.errors import InterfaceError, PrivilegeError
from appliance.udp.interface import mtu, open_interface

NO_NAMES = ["", "x" * 16, "a\0b", "\udce9", "é" * 8, "a\nb"]


@pytest.mark.parametrize("interface", socket.if_nameindex(), ids=lambda entry: entry[1])
def test_mtu_is_that_of_the_kernel(interface: tuple[int, str]) -> None:
    expected = Path("/sys/class/net", interface[1], "mtu")
    assert mtu(interface[1]) == int(expected.read_text())


@pytest.mark.parametrize("name", [*NO_NAMES, "nowhere"], ids=repr)
def test_mtu_of_no_interface(name: str) -> None:
    with pytest.raises(InterfaceError, match="no interface"):
        mtu(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may open packet sockets")
@pytest.mark.parametrize("name", [*NO_NAMES, "nowhere"], ids=repr)
def test_open_interface_that_is_missing(name: str) -> None:
    with pytest.raises(InterfaceError, match="no interface"):
        open_interface(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may open packet sockets")
def test_open_interface_leaves_taps_on_and_receives_nothing() -> None:
    packet_qdisc_bypass, sol_packet = 20, 263
    with open_interface("lo") as opened, socket.socket(type=socket.SOCK_DGRAM) as other:
        assert opened.getsockopt(sol_packet, packet_qdisc_bypass) == 0
        other.sendto(b"", ("127.0.0.1", 9))
        with pytest.raises(BlockingIOError):
            opened.recv(1, socket.MSG_DONTWAIT)


def test_open_interface_names_the_missing_right(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("appliance.udp.interface.socket.socket", refuse)
    with pytest.raises(PrivilegeError, match="CAP_NET_RAW"):
        open_interface("lo")
