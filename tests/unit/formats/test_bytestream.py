# SPDX-License-Identifier: MIT
"""Exact lengths out of pieces of any length."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.bytestream import ByteStream, CutOff


def stream(*pieces: bytes) -> ByteStream:
    waiting = list(pieces)
    return ByteStream(lambda: waiting.pop(0) if waiting else b"")


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=9), st.lists(st.integers(0, 12)))
def test_take_gives_the_same_bytes_whatever_the_pieces(
    pieces: list[bytes], sizes: list[int]
) -> None:
    content, taken = b"".join(pieces), stream(*pieces)
    at = 0
    for size in sizes:
        if at + size > len(content):
            with pytest.raises(CutOff):
                taken.take(size)
            return
        assert taken.peek(size) == content[at : at + size]
        assert taken.take(size) == content[at : at + size]
        at += size


def test_peek_gives_what_there_is_at_the_end() -> None:
    taken = stream(b"ab", b"c")
    assert (taken.peek(9), taken.take(3), taken.peek(1)) == (b"abc", b"abc", b"")


def test_rest_and_give_back_lose_nothing() -> None:
    taken = stream(b"abcd", b"ef")
    taken.take(1)
    assert taken.rest() == b"bcd"
    taken.give_back(b"cd")
    assert (taken.take(3), taken.rest(), taken.rest()) == (b"cde", b"f", b"")


@pytest.mark.slow
def test_a_stream_holds_no_more_than_is_asked_for() -> None:
    taken = ByteStream(lambda: bytes(1000))
    tracemalloc.start()
    for _ in range(20_000):
        taken.take(999)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000
