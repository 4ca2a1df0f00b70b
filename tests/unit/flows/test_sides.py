# SPDX-License-Identifier: MIT
"""Whose traffic a flow is: through NAT, in both directions, within, and of nobody."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import numpy as np
import pytest

from appliance.flows.records import FLOW, Flows, address, halves
from appliance.flows.sides import OwnNetworks, inside_out, sides, ways

HOST, OTHER, WAN, FAR = "10.77.0.9", "10.77.0.3", "198.51.100.7", "192.0.2.9"
OWN = OwnNetworks([ip_network("10.77.0.0/16"), ip_network("2001:db8:77::/64")])


def a_flow(src: str, dst: str, nat_src: str = "", nat_dst: str = "") -> Flows:
    made = np.zeros(1, FLOW)
    ends = {"src": src, "dst": dst, "nat_src": nat_src, "nat_dst": nat_dst}
    for name, text in ends.items():
        if text:
            made[f"{name}_hi"], made[f"{name}_lo"] = halves(ip_address(text))
    return made


def whose(flows: Flows, own: OwnNetworks = OWN) -> list[tuple[str, str, bool]]:
    """Return host, peer, and whether the host sent it, of each row."""
    found = sides(flows, own)
    return [
        (str(address(*each[:2])), str(address(*each[2:4])), bool(each[4]))
        for each in zip(
            found.host_hi, found.host_lo, found.peer_hi, found.peer_lo, found.out, strict=True
        )
    ]


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        # Out, with the router's address outside among those after translation.
        (a_flow(HOST, FAR, nat_src=WAN, nat_dst=FAR), [(HOST, FAR, True)]),
        # The answer: who it is for stands only after translation.
        (a_flow(FAR, WAN, nat_src=FAR, nat_dst=HOST), [(HOST, FAR, False)]),
        # Without NAT.
        (a_flow(HOST, FAR), [(HOST, FAR, True)]),
        (a_flow(FAR, HOST), [(HOST, FAR, False)]),
        (a_flow("2001:db8:77::5", "2001:db8::1"), [("2001:db8:77::5", "2001:db8::1", True)]),
        # The router's own, and what only passes.
        (a_flow(FAR, WAN), [("::", FAR, False)]),
        # Within: of both.
        (a_flow(HOST, OTHER), [(HOST, OTHER, True), (OTHER, HOST, False)]),
    ],
)
def test_whose_a_flow_is(flow: Flows, expected: list[tuple[str, str, bool]]) -> None:
    assert whose(flow) == expected


def test_which_way_each_flow_went() -> None:
    flows = np.concatenate([a_flow(FAR, "192.0.2.10"), a_flow(FAR, WAN, nat_dst=HOST),
                            a_flow(OTHER, HOST), a_flow(HOST, FAR)])  # fmt: skip
    assert ways(sides(flows, OWN), 4).tolist() == [0, 1, 3, 2]
    assert ways(sides(flows[:2], OWN), 2).tolist() == [0, 1]


def test_the_host_inside_stands_where_the_routers_address_stood() -> None:
    flows = np.concatenate([a_flow(FAR, WAN, FAR, HOST), a_flow(HOST, FAR, nat_src=WAN),
                            a_flow(WAN, FAR, nat_src=HOST), a_flow(FAR, "192.0.2.10")])  # fmt: skip
    made = inside_out(flows, sides(flows, OWN))

    def end(name: str) -> list[str]:
        return [str(address(each[f"{name}_hi"], each[f"{name}_lo"])) for each in made]

    assert end("src") == [FAR, HOST, HOST, FAR]
    assert end("dst") == [HOST, FAR, FAR, "192.0.2.10"]
    assert (
        end("nat_src")[0] == "::" and end("nat_dst")[0] == WAN and end("nat_src")[1:3] == [WAN, WAN]
    )
    assert str(address(flows["dst_hi"][0], flows["dst_lo"][0])) == WAN


def test_every_host_has_both_directions() -> None:
    """Who ignores the addresses after translation shows hosts that only send."""
    flows = np.concatenate([a_flow(HOST, FAR, nat_src=WAN), a_flow(FAR, WAN, nat_dst=HOST)])
    assert [each[2] for each in whose(flows) if each[0] == HOST] == [True, False]


def test_the_usual_networks_hold_where_none_is_named() -> None:
    assert whose(a_flow("192.168.1.5", FAR), OwnNetworks())[0][0] == "192.168.1.5"
    assert whose(a_flow("fd00::5", "2001:db8::1"), OwnNetworks())[0][0] == "fd00::5"


def test_a_single_address_may_be_the_owners() -> None:
    own = OwnNetworks(single=[ip_network(WAN)])
    assert whose(a_flow(FAR, WAN), own) == [(WAN, FAR, False)]
