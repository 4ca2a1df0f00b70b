# SPDX-License-Identifier: MIT
"""What DHCP servers name as time servers, on its way to chrony."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock.timeservers import MOST, main, render, servers, write
from appliance.errors import GloveboxError

# As systemd-networkd writes it.
LEASE = """\
# This is private data. Do not parse.
ADDRESS=192.168.88.100
NETMASK=255.255.255.0
ROUTER=192.168.88.1
SERVER_ADDRESS=192.168.88.1
LIFETIME=1h
DNS=192.168.88.1
NTP=192.168.88.1 192.0.2.7
CLIENTID=ff
"""


@pytest.fixture
def leases(tmp_path: Path) -> Path:
    folder = tmp_path / "leases"
    folder.mkdir()
    return folder


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    return folder


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_servers_are_those_of_the_lease() -> None:
    assert servers(LEASE) == [IPv4Address("192.168.88.1"), IPv4Address("192.0.2.7")]
    assert servers(LEASE.replace("NTP=", "DNS=")) == []
    assert servers("") == []


@pytest.mark.parametrize(
    "word",
    [
        *("0.0.0.0", "127.0.0.1", "224.0.1.1", "255.255.255.255", "240.0.0.1"),
        *(
            "pool.example",
            "192.168.88.256",
            "192.168.88.1;",
            "::1",
            "1",
            "010.1.1.1",
            "\x00",
            "１.1.1.1",
        ),
    ],
)
def test_servers_passes_over_what_is_no_address_of_one(word: str) -> None:
    assert servers(f"NTP={word} 192.0.2.7\n") == [IPv4Address("192.0.2.7")]


def test_servers_takes_a_few_and_none_twice() -> None:
    many = " ".join(f"192.0.2.{number // 2}" for number in range(2, 60))
    assert servers(f"NTP={many}") == [IPv4Address(f"192.0.2.{n}") for n in range(1, MOST + 1)]


@given(st.text())
def test_render_holds_nothing_but_addresses(lease: str) -> None:
    for line in render(servers(f"NTP={lease}")).splitlines():
        server, address, option = line.split(" ")
        assert (server, option, str(IPv4Address(address))) == ("server", "iburst", address)


def test_write_follows_the_leases(leases: Path, sources: Path) -> None:
    (leases / "2").write_text(LEASE)
    (leases / "3").write_text("NTP=192.0.2.9\n")
    (leases / "4").write_text("ADDRESS=192.0.2.100\n")
    (leases / ".#2abc").write_text("NTP=192.0.2.1\n")
    assert set(write(leases, sources)) == {"2", "3"}
    assert content(sources) == {
        "2.sources": "server 192.168.88.1 iburst\nserver 192.0.2.7 iburst\n",
        "3.sources": "server 192.0.2.9 iburst\n",
    }
    (leases / "3").unlink()
    (leases / "2").write_text("NTP=192.0.2.8\n")
    write(leases, sources)
    assert content(sources) == {"2.sources": "server 192.0.2.8 iburst\n"}


def test_write_without_leases_takes_all_away(tmp_path: Path, sources: Path) -> None:
    (sources / "2.sources").write_text("server 192.0.2.8 iburst\n")
    assert write(tmp_path / "absent", sources) == {}
    assert content(sources) == {}


def test_write_says_why_not(leases: Path, tmp_path: Path) -> None:
    (leases / "2").write_text(LEASE)
    with pytest.raises(GloveboxError, match="cannot be handed on"):
        write(leases, tmp_path / "absent")


def test_main_hands_on(leases: Path, sources: Path) -> None:
    (leases / "2").write_text(LEASE)
    assert main(["--leases", str(leases), "--sources", str(sources)]) == 0
    assert list(content(sources)) == ["2.sources"]
