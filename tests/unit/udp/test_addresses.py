# SPDX-License-Identifier: MIT
"""Our own addresses, as the kernel lists them."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.host import network
from appliance.udp.addresses import REFRESH_S, OwnAddresses, parse_fib_trie, parse_if_inet6
from appliance.udp.sources import address_of, key_of

FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
     |-- 198.51.100.7
        /32 universe UNICAST
     |-- 203.0.113.2
        /31 link UNICAST
        /32 host LOCAL
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.0.2.2
        /32 host LOCAL
"""
IF_INET6 = """\
20010db8000000000000000000000002 04 40 00 80     eth0
fe80000000000000ba27ebfffe000002 04 40 20 80     eth0
"""


def keys(*texts: str) -> set[bytes]:
    return {key_of(ip_address(text)) for text in texts}


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path / "fib_trie").write_text(FIB_TRIE)
    (tmp_path / "if_inet6").write_text(IF_INET6)
    return tmp_path


def test_parse_fib_trie_finds_local_and_broadcast_addresses_alone() -> None:
    assert set(parse_fib_trie(FIB_TRIE)) == keys("192.0.2.2", "192.0.2.255", "203.0.113.2")


def test_parse_if_inet6_finds_link_local_addresses_too() -> None:
    assert set(parse_if_inet6(IF_INET6)) == keys("2001:db8::2", "fe80::ba27:ebff:fe00:2")


def test_own_addresses_are_those_of_every_interface_and_all_of_loopback(net: Path) -> None:
    own = OwnAddresses(net)
    for key in keys("192.0.2.2", "203.0.113.2", "2001:db8::2", "127.0.0.1", "127.9.9.9"):
        assert key in own
    assert keys("255.255.255.255").pop() in own
    for key in keys("198.51.100.7", "192.0.2.1", "2001:db8::3", "::ffff:1.127.0.0", "7f00::1"):
        assert key not in own


def test_own_addresses_are_read_again_a_second_later(
    net: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("appliance.udp.addresses.time.monotonic", lambda: now)
    own, (key,) = OwnAddresses(net), keys("192.0.2.2")
    assert key in own
    (net / "fib_trie").write_text("")
    now += REFRESH_S / 2
    assert key in own
    now += REFRESH_S / 2
    assert key not in own


def test_own_addresses_need_no_ipv6(net: Path) -> None:
    (net / "if_inet6").unlink()
    assert keys("192.0.2.2").pop() in OwnAddresses(net)


def test_own_addresses_of_this_machine() -> None:
    own = OwnAddresses()
    assert keys("127.0.0.1").pop() in own
    for address in network.addresses():
        assert key_of(address) in own, address
    assert all(address_of(key) != ip_address("198.51.100.77") for key in own._read())
