# SPDX-License-Identifier: MIT
"""Who is a server."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from appliance.dhcp.frame import broadcast
from appliance.dhcp.hearing import Heard, classify
from appliance.dhcp.message import discover
from appliance.dhcp.watch import Server
from tests.unit.dhcp.test_message import reply

OWN, OTHER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
SERVER = (54, bytes((192, 168, 88, 1)))


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
    found = classify(broadcast(OTHER, 67, 68, reply((53, kind), SERVER)), OWN)
    assert found == Server(IPv4Address("192.168.88.1"), OTHER, said)


def test_classify_takes_plain_bootp_for_a_server() -> None:
    assert isinstance(classify(broadcast(OTHER, 67, 68, reply()), OWN), Server)


@pytest.mark.parametrize("port", [67, 4011])
def test_classify_takes_garbage_to_clients_for_a_server(port: int) -> None:
    found = classify(broadcast(OTHER, port, 68, b"\xff" * 9), OWN)
    assert isinstance(found, Server)
    assert "cannot be read" in found.said


def test_classify_leaves_our_own_words_out_that_come_back() -> None:
    assert classify(broadcast(OWN, 67, 68, reply((53, b"\x02"), SERVER)), OWN) is Heard.NOTHING


def test_classify_tells_clients() -> None:
    assert classify(broadcast(OTHER, 68, 67, discover(OTHER, 1)), OWN) is Heard.CLIENT


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
    assert classify(frame, OWN) is Heard.NOTHING
