# SPDX-License-Identifier: MIT
"""Addresses in columns; flows that are joined, and numbers that stand together."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.flows.records import (
    FLOW,
    MAPPED,
    address,
    copied,
    halves,
    joined,
    none,
    together,
)


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:db8::1", "255.255.255.255", "::1"])
def test_an_address_comes_back(text: str) -> None:
    assert address(*halves(ip_address(text))) == ip_address(text)


def test_ipv4_is_known_by_what_stands_above_it() -> None:
    assert halves(ip_address("0.0.0.1")) == (0, MAPPED | 1)
    assert len(none()) == 0 and none().dtype == FLOW


def test_flows_are_copied_and_joined_whole() -> None:
    chance = np.random.default_rng(1)
    flows = np.frombuffer(chance.bytes(100 * FLOW.itemsize), FLOW)
    # As they are parted, some of them only.
    assert np.array_equal(joined([flows[:30], none(), flows[30:90:3]]),
                          np.concatenate([flows[:30], flows[30:90:3]]))  # fmt: skip
    found = copied(flows)
    assert np.array_equal(found, flows)
    found["bytes"] = 1
    assert not (flows["bytes"] == 1).any()


@given(st.lists(st.integers(0, 20) | st.integers(0, (1 << 64) - 1), max_size=200))
def test_equal_numbers_stand_together(numbers: list[int]) -> None:
    order = together(np.array(numbers, np.uint64))
    assert sorted(order.tolist()) == list(range(len(numbers)))
    ordered = [numbers[each] for each in order]
    pieces = [each for each, before in zip(ordered, [None, *ordered], strict=False)
              if each != before]  # fmt: skip
    assert len(pieces) == len(set(numbers))
