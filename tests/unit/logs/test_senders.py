# SPDX-License-Identifier: MIT
"""Who may send lines."""

from __future__ import annotations

from ipaddress import ip_address

from appliance.logs.senders import MOST_UNLISTED, Senders

LISTED = [ip_address("192.168.88.1"), ip_address("fe80::1%eth0")]


def test_listed_senders_are_known_by_each_of_their_names() -> None:
    senders = Senders(LISTED)
    for host in ("192.168.88.1", "::ffff:192.168.88.1"):
        assert senders.find(host) is senders.find("192.168.88.1")
        assert senders.find(host).is_listed
    assert senders.find("fe80::1%3").is_listed and senders.find("127.0.0.1").is_listed
    assert not senders.find("192.168.88.2").is_listed


def test_strangers_fill_no_memory() -> None:
    senders = Senders(LISTED)
    for number in range(3 * MOST_UNLISTED):
        senders.find(f"10.0.{number >> 8}.{number & 255}")
    assert len(senders._by_host) <= MOST_UNLISTED
    assert senders.find("192.168.88.1").is_listed


def test_those_that_may_send_are_shown_and_this_machine_if_it_did() -> None:
    senders = Senders(LISTED)
    assert [each.address for each in senders.shown()] == ["192.168.88.1", "fe80::1"]
    senders.find("127.0.0.1").lines += 1
    assert [each.lines for each in senders.shown()] == [0, 0, 1]
