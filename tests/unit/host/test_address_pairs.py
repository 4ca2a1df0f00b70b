# SPDX-License-Identifier: MIT
"""Each pair of addresses is in one share; that frames are, too, is shown in tests/net."""

from __future__ import annotations

from appliance.host import address_pairs


def test_one_share_needs_no_filter() -> None:
    assert address_pairs.filters(1) == [""]


def test_each_share_has_a_filter_of_its_own() -> None:
    assert len(set(address_pairs.filters(3))) == 3


def test_both_directions_have_one_inspector_and_many_pairs_all() -> None:
    hosts = [f"198.51.100.{number}" for number in range(200)]
    for count in (2, 3, 6):
        there = [address_pairs.number("10.0.0.1", host, count) for host in hosts]
        assert there == [address_pairs.number(host, "10.0.0.1", count) for host in hosts]
        fair = len(hosts) / count
        assert all(0.5 * fair < there.count(each) < 1.6 * fair for each in range(count))
