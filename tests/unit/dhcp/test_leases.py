# SPDX-License-Identifier: MIT
"""Leases as dnsmasq writes them, over power cuts and clocks."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from appliance.dhcp.leases import Lease, merge, parse, redate, render, without_names

TEXT = """\
1795178555 e6:a4:6f:5c:e5:28 10.77.0.223 tablet 01:e6:a4:6f:5c:e5:28
0 02:00:00:00:00:01 10.77.0.3 * *
"""


def lease(number: int, expires: int = 1000) -> Lease:
    return Lease(
        expires, f"02:00:00:00:00:{number:02x}", IPv4Address(0x0A4D0000 + number), "*", "*"
    )


def test_parse_and_render_are_inverse() -> None:
    assert render(parse(TEXT)) == TEXT


def test_parse_leaves_out_what_a_power_cut_left() -> None:
    for length in range(len(TEXT)):
        assert len(parse(TEXT[:length])) <= 2
    assert parse(TEXT[:30]) == []
    assert parse("\0" * 512) == []
    assert parse("duid 00:01:00:01\nagent-info 10.77.0.9 01:02\n") == []


@given(st.text(max_size=200))
def test_parse_survives_whatever_is_there(text: str) -> None:
    parse(text)


def test_merge_puts_back_what_is_missing() -> None:
    assert merge([lease(1)], [lease(1), lease(2)]) == [lease(1), lease(2)]
    assert merge([], [lease(1)]) == [lease(1)]


def test_merge_never_gives_an_address_to_two() -> None:
    moved = Lease(1000, lease(1).station, IPv4Address("10.77.0.99"), "*", "*")
    taken = Lease(1000, lease(3).station, lease(2).address, "*", "*")
    assert merge([lease(1), lease(2)], [moved, taken]) == [lease(1), lease(2)]


def test_redate_lets_each_hold_for_a_whole_term_whatever_the_clock_was() -> None:
    found = redate([lease(1, 5), lease(2, 2**31)], now=1_000_000, hours=12, most=250)
    assert all(
        1_000_000 + 12 * 3600 - 250 <= each.expires <= 1_000_000 + 12 * 3600 for each in found
    )


def test_redate_keeps_the_order() -> None:
    found = redate([lease(1, 30), lease(2, 10), lease(3, 20)], now=0, hours=1, most=250)
    assert [each.station[-1] for each in found] == ["2", "3", "1"]
    assert [each.expires for each in found] == sorted(each.expires for each in found)
    assert redate(found, now=0, hours=1, most=250) == found


def test_redate_leaves_what_never_ends() -> None:
    assert redate([lease(1, 0)], now=5, hours=1, most=250) == [lease(1, 0)]


def test_redate_makes_room_only_where_there_is_none() -> None:
    leases = [lease(number, number) for number in range(1, 251)]
    assert len(redate(leases[1:], now=0, hours=1, most=250)) == 249
    kept = redate(leases, now=0, hours=1, most=250)
    assert len(kept) == 225
    assert kept[0].station == lease(26).station


def test_without_names_takes_those_of_others_and_leaves_the_rest() -> None:
    """An earlier version let a device be wpad.lan."""
    taken = ("wpad", "WPAD.lan", "wpad.example.com")
    kept = ("*", "wpad2", "tablet", "tablet.wpad")
    found = without_names((replace(lease(1), name=name) for name in (*taken, *kept)), ("wpad",))
    assert [each.name for each in found] == ["*"] * len(taken) + list(kept)
