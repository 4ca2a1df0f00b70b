# SPDX-License-Identifier: MIT
"""Columns come back as they were, and damage is refused."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.logs import packets_block
from appliance.logs.lines.event import packed
from appliance.logs.packets_block import MOST, SPAN_S, PacketsBlock

SOURCES = st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16)
ROWS = st.tuples(st.integers(0, SPAN_S - 1), st.integers(0, 255), st.integers(0, 65535), SOURCES)


def filled(rows: list[tuple[int, int, int, bytes]], begin: int = 1_800_000_000) -> PacketsBlock:
    block = PacketsBlock(begin, 3)
    for second, protocol, port, source in rows:
        block.add(begin + second, protocol, port, source)
    return block


@given(st.lists(ROWS, max_size=50))
def test_blocks_come_back(rows: list[tuple[int, int, int, bytes]]) -> None:
    block = filled(rows)
    again = packets_block.decode(block.encode())
    assert (again.begin, again.thinned) == (block.begin, 3)
    assert [(s - 1_800_000_000, p, port) for s, p, port, _ in packets_block.rows(again)] == [
        row[:3] for row in rows
    ]
    assert [packed(source) for *_, source in packets_block.rows(again)] == [row[3] for row in rows]


@given(st.lists(ROWS, max_size=5), st.data())
def test_damage_is_refused_or_read(
    rows: list[tuple[int, int, int, bytes]], data: st.DataObject
) -> None:
    good = filled(rows).encode()
    place = data.draw(st.integers(0, len(good) - 1))
    for bad in (good[:place], good[:place] + bytes((good[place] ^ 0xFF,)) + good[place + 1 :]):
        try:
            list(packets_block.rows(packets_block.decode(bad)))
        except DecodeError:
            continue
        assert len(bad) == len(good)


def test_a_block_takes_what_is_near() -> None:
    block = PacketsBlock()
    assert block.takes(5) and block.is_empty
    block.add(1000, 6, 22, b"aaaa")
    assert block.takes(1000) and block.takes(999 + SPAN_S)
    assert not block.takes(999) and not block.takes(1000 + SPAN_S)
    for _ in range(MOST - 1):
        block.add(1000, 6, 22, b"aaaa")
    assert not block.takes(1000)


def test_a_packet_takes_few_bytes() -> None:
    rows = [(n // 20, 6, n * 7919 % 65536, (n % 50).to_bytes(4, "big")) for n in range(2000)]
    assert len(zlib.compress(filled(rows).encode())) < 2000 * 5


def test_a_packet_after_the_span_is_refused() -> None:
    data = filled([(0, 6, 22, b"aaaa")]).encode()
    place = len(data) - 7
    assert packets_block.decode(
        data[:place] + (SPAN_S - 1).to_bytes(2, "little") + data[place + 2 :]
    )
    with pytest.raises(DecodeError):
        packets_block.decode(data[:place] + SPAN_S.to_bytes(2, "little") + data[place + 2 :])


@pytest.mark.parametrize("data", [b"", b"x" * 12, b"\0" * 11])
def test_what_is_no_block_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        packets_block.decode(data)
