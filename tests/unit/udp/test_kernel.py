# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from appliance.udp.kernel import (
    Growth,
    identity,
    network_losses,
    parse_snmp,
    parse_snmp6,
    socket_drops,
)

SNMP = """\
Ip: Forwarding DefaultTTL ReasmOKs ReasmFails
Ip: 2 64 12 3
Udp: InDatagrams NoPorts InErrors RcvbufErrors
Udp: 1000 4 50 40
"""
SNMP6 = "Ip6InReceives                   \t7\nIp6ReasmFails\t2\nUdp6InErrors\t5\n"


def test_growth_counts_from_where_it_started() -> None:
    growth = Growth(100)
    growth.update(130)
    growth.update(130)
    growth.update(131)
    assert growth.total == 31


def test_growth_of_a_counter_that_began_anew() -> None:
    growth = Growth(100)
    growth.update(110)
    growth.update(4)
    assert (growth.total, growth.last) == (14, 4)


def test_parse_snmp_joins_names_and_values() -> None:
    values = parse_snmp(SNMP)
    assert (values["IpReasmFails"], values["UdpInErrors"]) == (3, 50)


def test_parse_snmp6_reads_columns_of_any_width() -> None:
    assert parse_snmp6(SNMP6)["Ip6InReceives"] == 7


def test_network_losses_adds_both_ip_versions(tmp_path: Path) -> None:
    (tmp_path / "snmp").write_text(SNMP)
    (tmp_path / "snmp6").write_text(SNMP6)
    assert network_losses(tmp_path) == {"reassembly_failures": 5, "udp_errors": 55}


def test_network_losses_without_ipv6(tmp_path: Path) -> None:
    (tmp_path / "snmp").write_text(SNMP)
    assert network_losses(tmp_path) == {"reassembly_failures": 3, "udp_errors": 50}


def test_network_losses_of_this_machine_are_there() -> None:
    assert set(network_losses()) == {"reassembly_failures", "udp_errors"}


def test_identity_is_the_same_for_a_duplicate_and_no_other() -> None:
    with socket.socket() as first, socket.socket() as second:
        with socket.socket(fileno=os.dup(first.fileno())) as duplicate:
            assert identity(duplicate) == identity(first)
        assert identity(second) != identity(first)


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_socket_drops_counts_what_found_the_socket_full(
    family: socket.AddressFamily, host: str
) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        receiver.bind((host, 0))
        assert socket_drops(receiver) == 0
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            for _ in range(100):
                sender.sendto(bytes(500), receiver.getsockname())
        received = 0
        receiver.setblocking(False)
        try:
            while True:
                receiver.recv(500)
                received += 1
        except BlockingIOError:
            pass
        assert received + socket_drops(receiver) == 100
        assert socket_drops(receiver) > 0
