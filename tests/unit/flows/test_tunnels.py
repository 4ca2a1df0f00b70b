# SPDX-License-Identifier: MIT
"""The outside of a tunnel counts where nothing tells of its inside, and never beside it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.flows.counting import HostCounting
from appliance.flows.records import FLOW, Flows, halves
from appliance.flows.sides import OwnNetworks, sides
from appliance.flows.tunnels import IPV6, MOST, PORTS, PROTOCOLS, SILENT_S, UDP, Tunnels
from appliance.settings.config import Config
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.ids import IdsConfig

# Of the home: a host of each version; outside: the router, the tunnel's other end, a server.
HOST, HOST4, WAN = "2001:db8:77::9", "192.168.88.9", "198.51.100.7"
BROKER, SERVER, SERVER4 = "203.0.113.1", "2001:db8:cafe::1", "203.0.113.80"
LAN, LINE, TUNNEL = 2, 1, 9
HOME_NETWORKS = tuple(map(ip_network, ("192.168.88.0/24", "2001:db8:77::/48")))


def a_flow(src: str, dst: str, in_if: int, out_if: int, **values: int) -> Flows:
    made = np.zeros(1, FLOW)
    for name, end in (("src", src), ("dst", dst)):
        made[f"{name}_hi"], made[f"{name}_lo"] = halves(ip_address(end))
    made["in_if"], made["out_if"] = in_if, out_if
    for name, value in ({"proto": 6, "bytes": 1000, "packets": 10, "exporter": 1} | values).items():
        made[name] = value
    return made


def outside(proto: int = IPV6, **values: int) -> Flows:
    return a_flow(WAN, BROKER, 0, LINE, proto=proto, **{"bytes": 1200, **values})


def back(proto: int = IPV6) -> Flows:
    return a_flow(BROKER, WAN, LINE, 0, proto=proto, bytes=1200)


def translated(flow: Flows, address: str) -> Flows:
    flow["nat_src_hi"], flow["nat_src_lo"] = halves(ip_address(address))
    return flow


INSIDE = a_flow(HOST, SERVER, LAN, TUNNEL)
INSIDE4 = a_flow(HOST4, SERVER4, LAN, TUNNEL)
NATIVE = a_flow(HOST, SERVER, LAN, LINE)


def found(*flows: Flows, wan: str = WAN) -> list[bool]:
    """Return what is the outside of a tunnel, each flow in a batch of its own."""
    tunnels, own = Tunnels(), OwnNetworks(HOME_NETWORKS, [ip_network(wan)])
    routers = OwnNetworks([ip_network(wan)])
    return [bool(tunnels.find(each, sides(each, own), routers, 0.0)[0]) for each in flows]


@pytest.mark.parametrize("proto", PROTOCOLS)
def test_what_is_told_twice_counts_once(proto: int) -> None:
    """The first outside came before it was known that somebody tells of the inside."""
    assert found(outside(proto), INSIDE, outside(proto), back(proto)) == [False, False, True, True]


@pytest.mark.parametrize("port", PORTS)
def test_tunnels_over_udp(port: int) -> None:
    for ends in ({"sport": port}, {"dport": port}):
        flow = outside(UDP, **ends)
        assert found(flow, INSIDE, flow)[-1]
    assert not found(outside(UDP, dport=53), INSIDE, outside(UDP, dport=53))[-1]


def test_a_batch_that_holds_both_is_right_at_once() -> None:
    both = np.concatenate([outside(), INSIDE, INSIDE4])
    own = OwnNetworks(HOME_NETWORKS)
    assert Tunnels().find(both, sides(both, own), None, 0.0).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("told", "proto", "expected"),
    [
        # NetFlow 5 tells of no IPv6; other flows by another line are no content of 6in4.
        (INSIDE4, IPV6, False),
        (INSIDE4, 47, True),
        # By the interface of the outside: that passes beside the tunnel.
        (NATIVE, IPV6, False),
        # Where an exporter names no interfaces, nothing is known.
        (a_flow(HOST, SERVER, 0, 0), IPV6, False),
        # Another exporter's.
        (a_flow(HOST, SERVER, LAN, TUNNEL, exporter=2), IPV6, False),
        # An inside that comes in.
        (a_flow(SERVER, HOST, TUNNEL, LAN), IPV6, True),
        # Between two hosts inside, and of nobody here.
        (a_flow(HOST4, "192.168.88.10", LAN, TUNNEL), 47, False),
        (a_flow(SERVER, BROKER, LAN, TUNNEL), 47, False),
    ],
)
def test_what_shows_that_the_inside_is_told(told: Flows, proto: int, expected: bool) -> None:
    assert found(outside(proto), told, outside(proto)) == [False, False, expected]


def test_a_hosts_own_tunnel_passes_and_counts() -> None:
    """Teredo, or a VPN of a laptop: with its own address, or as the router translates it."""
    for flow in (
        translated(a_flow(HOST4, BROKER, LAN, LINE, proto=47), WAN),
        translated(a_flow("192.168.99.5", BROKER, LAN, LINE, proto=47), WAN),
        a_flow(HOST, SERVER, LAN, LINE, proto=50),
        a_flow(HOST4, BROKER, LAN, LINE, proto=UDP, dport=3544),
    ):
        assert not found(outside(), INSIDE, INSIDE4, flow)[-1]


def test_a_tunnel_between_the_router_and_a_host_ends_at_the_router() -> None:
    wan = "192.168.88.1"
    both = [a_flow(wan, HOST4, 0, LAN, proto=4), a_flow(HOST4, wan, LAN, 0, proto=4)]
    assert found(outside(4), INSIDE, *both, wan=wan)[2:] == [True, True]


def test_an_inside_that_was_not_told_for_long_is_none() -> None:
    tunnels, own = Tunnels(), OwnNetworks(HOME_NETWORKS)

    def find(flow: Flows, now: float) -> bool:
        return bool(tunnels.find(flow, sides(flow, own), None, now)[0])

    find(outside(), 0.0)
    find(INSIDE, 10.0)
    assert find(outside(), 10.0 + SILENT_S) and not find(outside(), 11.0 + SILENT_S)


def test_made_up_interfaces_fill_no_memory() -> None:
    tunnels, own = Tunnels(), OwnNetworks(HOME_NETWORKS)
    many = np.repeat(INSIDE, 20_000)
    many["out_if"] = np.arange(20_000) + 10
    for flows in (outside(), many, many[::-1].copy(), INSIDE, outside()):
        last = tunnels.find(flows, sides(flows, own), None, 0.0)
    assert last.tolist() == [True] and len(tunnels._told) <= MOST


FLOWS = st.lists(
    st.sampled_from([
        outside(), back(), outside(47), INSIDE, INSIDE4, NATIVE, outside(UDP, dport=51820),
        a_flow(SERVER, HOST, TUNNEL, LAN, sampling=100), outside(sampling=10),
        translated(a_flow(HOST4, BROKER, LAN, LINE, proto=47), WAN),
    ]),
    min_size=1, max_size=30,
)  # fmt: skip


@given(st.lists(FLOWS, min_size=1, max_size=4), st.booleans())
def test_bytes_of_flows_are_those_of_totals_and_of_tunnels(
    batches: list[list[Flows]], is_wan_known: bool
) -> None:
    known = (ip_address(WAN),) if is_wan_known else ()
    settings = Config(
        flows=FlowsConfig(wan_addresses=known), ids=IdsConfig(home_networks=HOME_NETWORKS)
    )
    counting = HostCounting(settings, Path("/nonexistent"))
    came = kept = 0
    for number, batch in enumerate(batches):
        flows = np.concatenate(batch)
        # No two alike: a copy is counted elsewhere.
        flows["sport"] = np.arange(len(flows)) + 1000 * number + 60_000
        came += int((flows["bytes"] * np.maximum(flows["sampling"], 1)).sum())
        counted = counting.add(flows, 0.0)
        kept += len(counted.flows)
        assert len(counted.flows) + len(counted.tunnels) == len(flows)
    assert counting.bytes_in + counting.bytes_out + counting.tunnel_bytes == came
    assert kept + counting.tunnels == sum(map(len, batches))
