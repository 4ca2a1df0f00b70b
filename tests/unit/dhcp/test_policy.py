# SPDX-License-Identifier: MIT
"""The table: each row decides where those above do not apply."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from itertools import product

import pytest

from appliance.dhcp.policy import Profile, Reason, Situation, Surroundings, decide
from appliance.dhcp.watch import Phase, Server

SURROUNDINGS = Surroundings(
    present=True, wireless=False, sniffed=False, carrier=True, link_ups=1, addresses=(),
    default_route=False,
)  # fmt: skip
SERVER = Server(IPv4Address("192.168.88.1"), b"\2\0\0\0\0\1", "it offered 192.168.88.9")
FREE = Situation("auto", SURROUNDINGS, Phase.FREE, None)
HOME = (IPv4Address("192.168.88.7"),)


def around(**changes: object) -> Situation:
    return replace(FREE, surroundings=replace(SURROUNDINGS, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(FREE, profile="home"), Reason.PROFILE),
        (around(present=False), Reason.MISSING),
        (around(wireless=True), Reason.WIRELESS),
        (around(sniffed=True), Reason.SNIFFED),
        (around(carrier=False), Reason.NO_CARRIER),
        (around(addresses=HOME), Reason.ADDRESS),
        (around(default_route=True), Reason.ROUTE),
        (replace(FREE, phase=Phase.TAKEN, server=SERVER), Reason.FOREIGN),
        (replace(FREE, phase=Phase.TAKEN, server=SERVER, own_port="eth1"), Reason.OWN_PORT),
        (replace(FREE, phase=Phase.LOOKING), Reason.LOOKING),
        (replace(FREE, problem="dnsmasq: no"), Reason.PROBLEM),
        (FREE, Reason.FREE),
    ],
    ids=lambda value: value.value if isinstance(value, Reason) else "",
)
def test_decide_by_each_row(facts: Situation, reason: Reason) -> None:
    decision = decide(facts)
    assert decision.reason is reason
    assert decision.serve is (reason is Reason.FREE)
    assert decision.words


def test_decide_names_the_server_that_answers() -> None:
    words = decide(replace(FREE, phase=Phase.TAKEN, server=SERVER)).words
    assert "192.168.88.1" in words
    assert "02:00:00:00:00:01" in words
    assert "192.168.88.9" in words


def test_decide_in_a_car_serves_beside_a_router_but_never_beside_a_server() -> None:
    facts = replace(around(default_route=True), profile="car")
    assert decide(facts).serve
    assert not decide(replace(facts, phase=Phase.TAKEN, server=SERVER)).serve


def test_decide_serves_only_where_nothing_speaks_against_it() -> None:
    """Of all combinations, exactly those serve that the issue allows."""
    flags = (False, True)
    profiles: tuple[Profile, ...] = ("auto", "home", "car")
    for profile, wireless, sniffed, carrier, address, route, phase in product(
        profiles, flags, flags, flags, flags, flags, Phase
    ):
        facts = replace(
            around(wireless=wireless, sniffed=sniffed, carrier=carrier,
                   addresses=HOME if address else (), default_route=route),
            profile=profile, phase=phase,
        )  # fmt: skip
        allowed = carrier and phase is Phase.FREE and not (wireless or sniffed or address)
        allowed = allowed and (profile == "car" or (profile == "auto" and not route))
        assert decide(facts).serve is allowed


def test_reasons_that_ask_are_those_in_which_we_may_be_the_server() -> None:
    assert {reason for reason in Reason if reason.asks} == {
        Reason.OWN_PORT, Reason.FOREIGN, Reason.LOOKING, Reason.FREE,
    }  # fmt: skip
