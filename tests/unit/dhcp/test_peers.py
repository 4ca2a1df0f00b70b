# SPDX-License-Identifier: MIT
"""Who of several guards serves: all of them come to the same answer."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dhcp.peers import Peer, parse, render

A = Peer(b"\2\0\0\0\0\1", 2, b"\2\0\0\0\0\5", IPv4Address("10.77.0.1"))
A_SECOND = Peer(A.machine, 3, b"\2\0\0\0\0\1", IPv4Address("10.77.1.1"))
B = Peer(b"\2\0\0\0\0\3", 1, b"\2\0\0\0\0\3", IPv4Address("10.77.0.1"))


@pytest.mark.parametrize("serving", [False, True])
def test_peer_is_read_back(serving: bool) -> None:
    peer = replace(A, serving=serving)
    assert parse(render(peer)) == peer


def test_parse_takes_nothing_else_for_a_guard() -> None:
    whole = render(A)
    for length in range(len(whole)):
        assert parse(whole[:length]) is None
    assert parse(whole + b"\0") is None
    assert parse(b"G" + whole[1:]) is None


@given(st.binary(max_size=300))
def test_parse_survives_whatever_comes(data: bytes) -> None:
    found = parse(data)
    assert found is None or data.startswith(b"glovebox")


def test_of_two_guards_exactly_one_serves_whatever_each_does() -> None:
    for one, other in permutations((A, A_SECOND, B), 2):
        for serves, other_serves in product((False, True), repeat=2):
            left, right = replace(one, serving=serves), replace(other, serving=other_serves)
            assert left.outranks(right) is not right.outranks(left)


def test_of_three_guards_one_goes_before_all_others() -> None:
    """Also where the port of one machine has the lowest MAC address of all, and is its second."""
    guards = (A, A_SECOND, B)
    first = [one for one in guards if all(one.outranks(each) for each in guards if each is not one)]
    assert first == [A]


def test_whoever_serves_goes_first() -> None:
    assert replace(B, serving=True).outranks(A)
    assert not A.outranks(replace(B, serving=True))
