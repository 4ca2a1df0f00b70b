# SPDX-License-Identifier: MIT
"""Blocks of many hosts' figures: found by host, added up, and never read damaged."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.flows.packing import LARGEST, HostBlock, added, pack

ROWS = [(7, 70, 700), (1, 10, 100), (7, 71, 701)]


def test_rows_come_back_in_the_order_of_their_hosts() -> None:
    found = HostBlock(pack(ROWS, 2), 2)
    assert list(found.rows()) == [(1, 10, 100), (7, 70, 700), (7, 71, 701)]
    assert found.of(7) == [(70, 700), (71, 701)] and found.of(2) == []


def test_what_is_too_large_stays_the_largest() -> None:
    assert list(HostBlock(pack([(1, 1 << 70)], 1), 1).rows()) == [(1, (1 << 64) - 1)]


@given(st.data())
def test_no_flipped_bit_is_read_as_something_else(data: st.DataObject) -> None:
    packed = bytearray(pack(ROWS, 2))
    bit = data.draw(st.integers(0, len(packed) * 8 - 1))
    packed[bit // 8] ^= 1 << bit % 8
    try:
        found = list(HostBlock(bytes(packed), 2).rows())
    except DecodeError:
        return
    # Some bits of zlib's header say nothing of the content.
    assert found == sorted(ROWS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\0",
        struct.pack("<I", 9),
        struct.pack("<I", 1 << 31) + bytes(20),
        bytes(LARGEST + 1),
    ],
)
def test_damaged_blocks_are_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        HostBlock(zlib.compress(content), 2)
    for cut in (0, 1, 10):
        with pytest.raises(DecodeError):
            HostBlock(pack(ROWS, 2)[:cut], 2)


def test_rows_are_added_by_their_keys() -> None:
    assert added([[(1, 5, 10)], [(1, 5, 1), (1, 6, 7)]], 2) == [(1, 5, 11), (1, 6, 7)]
