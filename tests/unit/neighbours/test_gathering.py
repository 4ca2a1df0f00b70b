# SPDX-License-Identifier: MIT
"""One device each, however often it speaks, and no more than fit."""

from __future__ import annotations

from appliance.formats.mndp import QUESTION
from appliance.neighbours import gathering
from appliance.neighbours.gathering import Gathering
from tests.unit.formats.test_mndp import MAC, announcement


def device(number: int) -> bytes:
    return number.to_bytes(6, "big")


def test_a_device_with_two_addresses_is_one() -> None:
    found = Gathering()
    for last in (1, 2, 1):
        found.take(announcement((1, MAC), (5, b"home"), (17, bytes((192, 168, 88, last)))))
    (each,) = found.found()
    assert (each.identity, each.addresses) == ("home", ("192.168.88.1", "192.168.88.2"))
    assert found.dropped == 0


def test_whoever_invents_devices_fills_nothing() -> None:
    found = Gathering()
    for number in range(1000):
        found.take(announcement((1, device(number)), (17, number.to_bytes(4, "big"))))
    for number in range(100):
        found.take(announcement((1, device(0)), (17, (number + 5000).to_bytes(4, "big"))))
    assert len(found.found()) == gathering.MOST
    assert found.dropped == 1000 - gathering.MOST
    assert max(len(each.addresses) for each in found.found()) == gathering.MOST_ADDRESSES


def test_text_is_made_plain_and_questions_are_no_announcements() -> None:
    found = Gathering()
    found.take(QUESTION)
    found.take(b"junk")
    found.take(announcement((1, MAC), (5, b"\x1b[2J<b>" + b"x" * 200), (7, b"\xff\xff\n")))
    (each,) = found.found()
    assert found.dropped == 1
    assert each.identity.isprintable() and len(each.identity) <= 41 and "\n" not in each.version
