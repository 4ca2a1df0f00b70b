# SPDX-License-Identifier: MIT
"""Totals: spread over the time that a flow lasted, to the byte, and bounded."""

from __future__ import annotations

import tracemalloc
from ipaddress import ip_address, ip_network

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.flows import totals
from appliance.flows.records import FLOW, Flows, halves
from appliance.flows.sides import OwnNetworks, sides
from appliance.flows.totals import MOST_HOSTS, MOST_ROWS, MOST_STEPS, STEP_MS, Taken, Totals

OWN = OwnNetworks([ip_network("10.0.0.0/8")])
NOW = 1_790_000_100_000 // STEP_MS * STEP_MS
HOST = halves(ip_address("10.0.0.9"))


def a_flow(
    first: int = 0, last: int = 0, octets: int = 1000, packets: int = 10, out: bool = False,
    sampling: int = 0, host: str = "10.0.0.9",
) -> Flows:  # fmt: skip
    made = np.zeros(1, FLOW)
    made["first"], made["last"] = NOW + first, NOW + last
    made["bytes"], made["packets"], made["sampling"] = octets, packets, sampling
    made["proto"], made["sport"], made["dport"] = 6, 443, 40000
    inside, outside = ("src", "dst") if out else ("dst", "src")
    made[f"{inside}_hi"], made[f"{inside}_lo"] = halves(ip_address(host))
    made[f"{outside}_hi"], made[f"{outside}_lo"] = halves(ip_address("192.0.2.9"))
    return made


def count(*flows: Flows) -> Taken:
    counted = Totals()
    for each in flows:
        counted.add(each, sides(each, OWN))
    return counted.take()


def by_step(taken: Taken) -> dict[int, list[int]]:
    """Return the figures by step, from the one that begins at NOW on."""
    return {step - NOW // STEP_MS: figures for (step, _), figures in taken.cells.items()}


def test_a_short_flow_belongs_to_one_step() -> None:
    found = count(a_flow(first=1000, last=2000), a_flow(first=1000, last=2000, out=True))
    assert by_step(found) == {0: [1000, 1000, 10, 10, 2]}
    assert found.hosts[1] == HOST


def test_a_long_flow_is_spread_evenly() -> None:
    found = count(a_flow(first=-STEP_MS, last=2 * STEP_MS - 1, octets=3000, packets=30))
    assert by_step(found) == {
        -1: [1000, 0, 10, 0, 1], 0: [1000, 0, 10, 0, 0], 1: [1000, 0, 10, 0, 0],
    }  # fmt: skip


def test_sampled_packets_stand_for_many() -> None:
    assert by_step(count(a_flow(sampling=100)))[0][:3:2] == [100_000, 1000]


FLOWS = st.lists(
    st.builds(
        a_flow,
        first=st.integers(-3_600_000, 0),
        last=st.integers(0, 1_000_000),
        octets=st.integers(0, 10**14),
        packets=st.integers(0, 10**9),
        out=st.booleans(),
        host=st.sampled_from(["10.0.0.1", "10.0.0.2", "172.16.0.1"]),
    ),
    min_size=1,
    max_size=20,
)


@given(FLOWS)
def test_no_byte_is_lost_or_doubled(flows: list[Flows]) -> None:
    together = np.concatenate(flows)
    found = count(together)
    figures = list(found.cells.values())
    assert sum(each[0] + each[1] for each in figures) == int(together["bytes"].sum())
    assert sum(each[2] + each[3] for each in figures) == int(together["packets"].sum())
    assert sum(each[4] for each in figures) == len(flows)
    for details in (found.peers, found.services):
        assert sum(each[3] + each[4] for each in details) == int(together["bytes"].sum())


def test_no_flow_is_spread_over_more_than_two_hours() -> None:
    found = by_step(count(a_flow(first=-280 * STEP_MS, last=0)))
    assert min(found) == -MOST_STEPS + 1 and max(found) == 0
    assert sum(each[0] for each in found.values()) == 1000


@pytest.mark.slow
def test_long_flows_by_the_thousand_take_bounded_memory() -> None:
    many = np.zeros(60_000, FLOW)
    many["bytes"], many["first"], many["last"] = 1000, NOW - 80_000_000, NOW
    many["dst_lo"] = (
        halves(ip_address("10.0.0.0"))[1] + np.arange(len(many), dtype=np.uint64) % 4000
    )
    for ahead in range(3):
        many["last"][ahead::3] += ahead * 7_200_000
    counted = Totals()
    inside = sides(many, OWN)
    tracemalloc.start()
    counted.add(many, inside)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 48 << 20
    found = counted.take()
    assert len(found.cells) <= totals.MOST_CELLS + 3 * MOST_STEPS
    assert sum(each[0] for each in found.cells.values()) == 60_000_000


def test_peers_and_services_of_a_host() -> None:
    found = count(a_flow(), a_flow(out=True, octets=50))
    assert found.peers == [(1, *halves(ip_address("192.0.2.9")), 1000, 50)]
    assert found.services == [(1, 0, 6 << 16 | 443, 1000, 50)]


@pytest.mark.slow
def test_there_is_room_for_so_many_hosts() -> None:
    many = np.zeros(2 * totals.MOST_KEYS, FLOW)
    many["bytes"], many["first"], many["last"] = 1, NOW, NOW
    many["dst_lo"] = halves(ip_address("10.0.0.0"))[1] + np.arange(len(many), dtype=np.uint64)
    found = count(many, many)
    assert len(found.hosts) == MOST_HOSTS + 1
    assert sum(each[0] for each in found.cells.values()) == 2 * len(many)


def test_there_is_room_for_so_many_peers_and_the_greatest_stay() -> None:
    counted = Totals()
    great = a_flow(octets=10**9)
    counted.add(great, sides(great, OWN))
    for part in range(8):
        many = np.zeros(20_000, FLOW)
        many["bytes"], many["first"], many["last"] = 1, NOW, NOW
        many["dst_hi"], many["dst_lo"] = HOST
        first = part * len(many)
        many["src_lo"] = np.arange(first, first + len(many), dtype=np.uint64)
        counted.add(many, sides(many, OWN))
    found = counted.take()
    assert len(found.peers) <= MOST_ROWS
    assert max(each[3] for each in found.peers) == 10**9
    assert sum(each[3] for each in found.peers) + counted.dropped == 160_000 + 10**9


def test_what_was_taken_is_gone() -> None:
    counted = Totals()
    counted.add(a_flow(), sides(a_flow(), OWN))
    assert counted.take().cells and not counted.take().cells
    assert (counted.bytes_in, counted.bytes_out) == (1000, 0)
