# SPDX-License-Identifier: MIT
"""Many addresses at once against all lists."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from appliance.flows.records import halves
from appliance.flowwatch.listed_ranges import ListedRanges


def found(ranges: ListedRanges, *texts: str) -> list[bool]:
    high, low = np.array([halves(ip_address(each)) for each in texts], np.uint64).T
    return [bool(each) for each in ranges.find(high, low)]


def test_networks_of_both_families_and_no_names() -> None:
    entries = [b"10.0.0.0/24", b"10.0.1.0/24", b"192.0.2.7", b"bad.example", b"2001:db8::/32",
               b"2001:dead::5", b"0.0.0.9", b"nonsense/x"]  # fmt: skip
    ranges = ListedRanges(entries)
    assert len(ranges) == 5
    texts = ("10.0.0.0", "10.0.1.255", "10.0.2.0", "9.255.255.255", "192.0.2.7", "192.0.2.8",
             "2001:db8:ffff::1", "2001:db9::", "2001:dead::6", "0.0.0.9")  # fmt: skip
    assert found(ranges, *texts) == [
        True, True, False, False, True, False, True, False, True, True,
    ]  # fmt: skip


def test_without_entries_nothing_is_found() -> None:
    assert found(ListedRanges(), "10.0.0.1", "::1") == [False, False]


@given(st.lists(st.tuples(st.integers(0, 1 << 32), st.integers(8, 32)), max_size=20),
       st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=20))  # fmt: skip
def test_it_agrees_with_ipaddress(pairs: list[tuple[int, int]], wanted: list[int]) -> None:
    networks = [ip_network((value % (1 << 32), bits), strict=False) for value, bits in pairs]
    addresses = [ip_address(each) for each in wanted]
    addresses += [each.broadcast_address for each in networks]
    ranges = ListedRanges(str(each).encode() for each in networks)
    expected = [any(each in network for network in networks) for each in addresses]
    assert found(ranges, *map(str, addresses)) == expected
