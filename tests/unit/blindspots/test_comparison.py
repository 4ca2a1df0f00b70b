# SPDX-License-Identifier: MIT
"""Hours are compared host by host; each blind spot is found, and what is none is not."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.blindspots import comparison
from appliance.blindspots.comparison import HOUR_S, LATE_S, MOST_HOURS, MOST_SPOTS, Comparison, hour
from appliance.formats.plain_address import halves, mapped
from appliance.reports.flows import BlindKind

BEGIN = 1_790_000_000 // HOUR_S * HOUR_S
MB = 1_000_000


def add(found: Comparison, is_mirror: bool, *rows: tuple[int, str, int, int]) -> None:
    """Add totals: when (seconds since the epoch), host (none: nobody), bytes in and out."""
    hosts = [(0, 0)]
    cells = {}
    for when, host, came, went in rows:
        number = 0
        if host:
            hosts.append(halves(mapped(ip_network(host)).first))
            number = len(hosts) - 1
        cells[when // 300, number] = [came, went, 1, 1, 1]
    found.add(hosts, cells, is_mirror)


@pytest.mark.parametrize(
    ("routers", "mirror", "kind"),
    [
        (100 * MB, 100 * MB, None),
        (100 * MB, 81 * MB, None),
        (81 * MB, 100 * MB, None),
        (100 * MB, 79 * MB, BlindKind.STREAM),
        (79 * MB, 100 * MB, BlindKind.FLOWS),
        (100 * MB, 0, BlindKind.NO_STREAM),
        (0, 100 * MB, BlindKind.NO_FLOWS),
        (4 * MB, 0, None),
        (4 * MB, 1 * MB, None),
        (5 * MB, 0, BlindKind.NO_STREAM),
    ],
)
def test_a_difference_by_more_than_a_fifth_is_a_blind_spot(
    routers: int, mirror: int, kind: BlindKind | None
) -> None:
    found = hour(BEGIN, [("192.168.88.9", routers, mirror), ("192.168.88.2", 9 * MB, 9 * MB)])
    assert [each.kind for each in found.spots] == ([kind] if kind else [])
    assert (found.routers, found.mirror) == (routers + 9 * MB, mirror + 9 * MB)


def test_where_one_is_silent_altogether_nothing_is_compared() -> None:
    for routers, mirror in ((90 * MB, 0), (0, 90 * MB)):
        found = hour(BEGIN, [("192.168.88.9", routers, mirror)])
        assert (found.compared, found.spots) == (0, ())


def test_what_is_so_for_most_hosts_is_one_finding() -> None:
    blind = [(f"192.168.88.{number}", 10 * MB, MB) for number in range(1, 5)]
    (found,) = hour(BEGIN, [*blind, ("192.168.88.9", 50 * MB, 50 * MB)]).spots
    assert (found.host, found.hosts, found.routers, found.mirror) == ("", 4, 40 * MB, 4 * MB)
    well = [(f"192.168.88.{number}", 10 * MB, 10 * MB) for number in range(10, 20)]
    assert [each.hosts for each in hour(BEGIN, [*blind, *well]).spots] == [1, 1, 1, 1]


def test_findings_are_bounded_and_the_greatest_come_first() -> None:
    blind = [(f"10.0.0.{number}", (10 + number) * MB, 0) for number in range(100)]
    well = [(f"10.0.1.{number}", 10 * MB, 10 * MB) for number in range(200)]
    found = hour(BEGIN, [*blind, *well])
    assert (len(found.spots), found.more) == (MOST_SPOTS, 100 - MOST_SPOTS)
    assert found.spots[0].host == "10.0.0.99"


def test_an_hour_is_judged_once_it_is_over_and_all_of_it_was_seen() -> None:
    found = Comparison(BEGIN, lambda host: host == "192.168.88.1")
    earlier = (BEGIN - 300, "192.168.88.9", 90 * MB, 0)
    add(found, False, earlier, (BEGIN, "192.168.88.9", 60 * MB, 0), (BEGIN, "", 90 * MB, 0))
    add(found, True, (BEGIN, "192.168.88.9", 1 * MB, 1 * MB))
    add(found, False, (BEGIN + 3599, "192.168.88.9", 0, 40 * MB))
    add(found, True, (BEGIN + 3500, "192.168.88.9", 8 * MB, 0), (BEGIN, "192.168.88.1", 90 * MB, 0))
    assert not found.judge(BEGIN + HOUR_S + LATE_S - 1)
    assert found.judge(BEGIN + HOUR_S + LATE_S) and not found.judge(BEGIN + 2 * HOUR_S)
    (judged,) = found.judged
    assert (judged.begin, judged.routers, judged.mirror) == (BEGIN, 100 * MB, 10 * MB)
    (spot,) = judged.spots
    assert (spot.kind, spot.host) == (BlindKind.STREAM, "192.168.88.9")


@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.integers(0, 1 << 70)), max_size=80))
def test_made_up_times_take_no_memory(rows: list[tuple[int, int]]) -> None:
    found = Comparison(0)
    for when, octets in rows:
        add(found, False, (when, "192.168.88.9", octets, 0))
        found.judge(when % 7 * 1e9)
    assert len(found._hours) <= MOST_HOURS and len(found.judged) <= MOST_HOURS


assert comparison.ALIKE < 1
