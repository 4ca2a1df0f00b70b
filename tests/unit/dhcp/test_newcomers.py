# SPDX-License-Identifier: MIT
"""Which requests wait for a refusal, and for how long."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from appliance.dhcp.message import REQUEST, Kind, Message
from appliance.dhcp.newcomers import MOST, Newcomers, is_held

STATION = b"\2\0\0\0\0\1"
HOME = IPv4Address("192.168.88.5")
ASKED = Message(
    REQUEST, 7, STATION, Kind.REQUEST, IPv4Address(0), IPv4Address(0), None, wanted=HOME
)


def test_a_request_of_no_server_is_due_after_its_time_and_once() -> None:
    newcomers = Newcomers().hear(ASKED, 12.0)
    newcomers, ready = newcomers.ready(11.9)
    assert ready == []
    newcomers, ready = newcomers.ready(12.0)
    assert ready == [ASKED]
    assert newcomers == Newcomers()


def test_a_request_that_is_repeated_waits_no_longer() -> None:
    newcomers = Newcomers().hear(ASKED, 12.0).hear(ASKED, 14.0)
    assert newcomers.ready(12.0)[1] == [ASKED]


def test_the_next_request_of_a_device_takes_the_place_of_the_one_before() -> None:
    later = replace(ASKED, xid=8)
    newcomers = Newcomers().hear(ASKED, 12.0).hear(later, 14.0)
    assert newcomers.ready(20.0)[1] == [later]


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, kind=Kind.DISCOVER),
        replace(ASKED, server=IPv4Address("10.77.0.1")),
        replace(ASKED, wanted=None),
        replace(ASKED, relay=IPv4Address("10.0.0.1")),
    ],
    ids=["begins anew", "takes an offer", "no address", "relayed"],
)
def test_whoever_says_anything_else_waits_for_no_refusal(other: Message) -> None:
    assert Newcomers().hear(ASKED, 12.0).hear(other, 14.0) == Newcomers()


def test_a_strange_hardware_address_is_left_alone() -> None:
    assert Newcomers().hear(replace(ASKED, client=b"\2" * 16), 12.0) == Newcomers()


@pytest.mark.slow
def test_a_flood_makes_nobody_wait_for_room() -> None:
    newcomers = Newcomers()
    for number in range(10_000):
        newcomers = newcomers.hear(replace(ASKED, client=number.to_bytes(6, "big")), 12.0)
    assert len(newcomers.waiting) == MOST
    newcomers, _ = newcomers.ready(12.0)
    assert newcomers.hear(ASKED, 14.0).waiting == ((14.0, ASKED),)


def test_is_held_by_the_same_device_and_no_other() -> None:
    assert is_held(ASKED, [("02:00:00:00:00:01", HOME)])
    assert not is_held(ASKED, [("02:00:00:00:00:02", HOME)])
    assert not is_held(ASKED, [("02:00:00:00:00:01", IPv4Address("10.77.0.5"))])
    assert not is_held(ASKED, [])
