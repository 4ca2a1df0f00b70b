# SPDX-License-Identifier: MIT
"""Who is a server."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from appliance.dhcp import peers
from appliance.dhcp.frame import broadcast
from appliance.dhcp.hearing import Heard, classify
from appliance.dhcp.message import Kind, Message, discover
from appliance.dhcp.peers import Peer
from appliance.dhcp.watch import Server
from tests.unit.dhcp.test_message import reply

OWN, OTHER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
SERVER = (54, bytes((192, 168, 88, 1)))
ADDRESS = IPv4Address("10.77.0.1")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (b"\x02", "it offered 10.0.0.9"),
        (b"\x05", "it confirmed 10.0.0.9"),
        (b"\x06", "it refused an address"),
    ],
    ids=["offer", "ack", "nak"],
)
def test_classify_names_a_server_and_what_it_said(kind: bytes, said: str) -> None:
    found = classify(broadcast(OTHER, 67, 68, reply((53, kind), SERVER)), OWN, ADDRESS)
    assert found == Server(IPv4Address("192.168.88.1"), OTHER, said)


def test_classify_takes_plain_bootp_for_a_server() -> None:
    assert isinstance(classify(broadcast(OTHER, 67, 68, reply()), OWN, ADDRESS), Server)


@pytest.mark.parametrize("port", [67, 4011])
def test_classify_takes_garbage_to_clients_for_a_server(port: int) -> None:
    found = classify(broadcast(OTHER, port, 68, b"\xff" * 9), OWN, ADDRESS)
    assert isinstance(found, Server)
    assert "cannot be read" in found.said


def test_classify_leaves_our_own_words_out_that_come_back() -> None:
    echo = broadcast(OWN, 67, 68, reply((53, b"\x02"), SERVER))
    assert classify(echo, OWN, ADDRESS) is Heard.NOTHING


def test_classify_tells_clients() -> None:
    found = classify(broadcast(OTHER, 68, 67, discover(OTHER, 1)), OWN, ADDRESS)
    assert isinstance(found, Message)
    assert found.kind is Kind.DISCOVER


@pytest.mark.parametrize("kind", [Kind.REQUEST, Kind.DECLINE])
def test_classify_hears_of_a_server_from_whoever_takes_an_address_from_it(kind: Kind) -> None:
    """A server that answers known devices alone says nothing that everybody hears."""
    found = classify(broadcast(OTHER, 68, 67, asking(kind, SERVER)), OWN, ADDRESS)
    assert found == Server(
        IPv4Address("192.168.88.1"), b"", "02:00:00:00:00:02 takes an address from it"
    )


@pytest.mark.parametrize(
    "server",
    ["10.77.0.1", "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1"],
)
def test_classify_takes_our_own_address_and_what_is_none_for_no_server(server: str) -> None:
    named = (54, IPv4Address(server).packed)
    found = classify(broadcast(OTHER, 68, 67, asking(Kind.REQUEST, named)), OWN, ADDRESS)
    assert isinstance(found, Message)


@pytest.mark.parametrize("kind", [Kind.DISCOVER, Kind.RELEASE, Kind.INFORM])
def test_classify_believes_of_servers_only_what_is_said_to_all(kind: Kind) -> None:
    found = classify(broadcast(OTHER, 68, 67, asking(kind, SERVER)), OWN, ADDRESS)
    assert not isinstance(found, Server)


def test_classify_tells_other_guards_and_not_itself() -> None:
    for station, known in ((OTHER, True), (OWN, False)):
        peer = Peer(station, 2, station, ADDRESS)
        question = discover(b"\2\0\0\0\0\7", 1, guard=peers.render(peer))
        found = classify(broadcast(b"\2\0\0\0\0\7", 68, 67, question), OWN, ADDRESS)
        assert found == (peer if known else Heard.NOTHING)


def asking(kind: Kind, *options: tuple[int, bytes]) -> bytes:
    """Return what a client says."""
    return b"\1" + reply((53, bytes((kind,))), *options)[1:]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        broadcast(OTHER, 68, 67, b"garbage"),
        broadcast(OTHER, 67, 67, reply((53, b"\x02"))),
        broadcast(OTHER, 68, 68, discover(OTHER, 1)),
        broadcast(OTHER, 53, 1024, b""),
    ],
    ids=["empty", "garbage to servers", "to a relay", "a request to clients", "another port"],
)
def test_classify_of_nothing(frame: bytes) -> None:
    assert classify(frame, OWN, ADDRESS) is Heard.NOTHING
