# SPDX-License-Identifier: MIT
"""All lists in few bytes: against a plain set and Python's own networks; and what it costs."""

from __future__ import annotations

import time
import tracemalloc
from array import array
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.indicators import written
from appliance.intel.known_bad import Hashes, KnownBad, Ranges

LABEL = st.sampled_from(["a", "b", "bad", "x1"])
NAME = st.lists(LABEL, min_size=2, max_size=5).map(".".join)
NETWORK4 = st.builds(
    lambda number, length: ip_network((number, length), strict=False),
    st.integers(0xC6336400, 0xC63364FF), st.integers(24, 32),
)  # fmt: skip
NETWORK6 = st.builds(
    lambda number, length: ip_network(((0x20010DB8 << 96) | number, length), strict=False),
    st.integers(0, 7) | st.integers(0, 7).map(lambda number: number << 64), st.integers(60, 128),
)  # fmt: skip


@given(st.sets(NAME, max_size=12), NAME)
def test_a_name_is_listed_with_all_below_it(listed: set[str], name: str) -> None:
    labels = name.split(".")
    above = {".".join(labels[place:]) for place in range(len(labels) - 1)}
    known = KnownBad(each.encode() for each in sorted(listed))
    assert known.has_name(name.encode()) == bool(above & listed)
    assert known.entries == len(listed)


@given(st.sets(NETWORK4 | NETWORK6, max_size=12), st.integers(0, 255), st.integers(0, 7))
def test_an_address_is_listed_by_its_network(
    listed: set[IPv4Network | IPv6Network], last: int, half: int
) -> None:
    known = KnownBad(written(each).encode() for each in listed)
    for address in (
        ip_address(0xC6336400 + last),
        ip_address((0x20010DB8 << 96) | half << 64 | last % 8),
        ip_address((0x20010DB8 << 96) | last),
    ):
        wanted = any(address in network for network in listed)
        assert known.has_address(address.packed) == wanted


def test_a_name_deeper_than_all_lists_is_found_and_costs_few_lookups() -> None:
    known = KnownBad([b"x.bad.example", b"other.example"])
    assert known.has_name(b"a." * 120 + b"x.bad.example")
    assert known.has_name(b"x.bad.example") and known.has_name(b"a.other.example")
    assert not known.has_name(b"a." * 120 + b"y.bad.example")
    assert not known.has_name(b"bad.example") and not known.has_name(b"example")


def test_nothing_is_on_no_list() -> None:
    known = KnownBad()
    assert not known.has_name(b"bad.example") and not known.has_name(b"")
    assert not known.has_address(bytes(4)) and not known.has_address(bytes(16))


@pytest.mark.slow
@given(st.sets(st.integers(-(1 << 63), (1 << 63) - 1), max_size=50), st.integers(-9, 9))
def test_hashes_are_found_and_no_others(numbers: set[int], beside: int) -> None:
    parts = [array("q") for _ in range(16)]
    for number in numbers:
        parts[(number >> 60) + 8].append(number)
    found = Hashes(parts)
    assert all(number in found for number in numbers)
    for number in (*(number + beside for number in numbers), -(1 << 63), (1 << 63) - 1, 0, -1):
        if -(1 << 63) <= number < 1 << 63:
            assert (number in found) == (number in numbers)


def test_ranges_that_touch_are_one() -> None:
    found = Ranges("I", [(5, 9), (1, 3), (10, 12), (4, 4), (20, 20)])
    assert [number for number in range(25) if number in found] == [*range(1, 13), 20]
    assert len(found._first) == 2


@pytest.mark.slow
def test_memory_of_many_names() -> None:
    """8 bytes a name stay; the goal is 64 for a million of everything."""
    count = 50_000
    names = [b"h%d.bad.example" % number for number in range(count)]
    tracemalloc.start()
    known = KnownBad(names)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    begin = time.perf_counter()
    for name in names[:5000]:
        assert known.has_name(name)
    taken = (time.perf_counter() - begin) / 5000
    print(f"{kept / count:.1f} bytes a name, {taken * 1e6:.2f} µs a look-up")
    # The index of 65,537 places has its size whatever there is.
    assert kept < 16 * count + 300_000
