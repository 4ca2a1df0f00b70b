# SPDX-License-Identifier: MIT
"""Fragments in any order, with everything that can be wrong about them."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.ip import UDP, IpPacket
from appliance.formats.reassembly import Reassembler

SECOND = 1_000_000


def fragment(
    offset: int, content: bytes, more: bool, number: int = 1, missing: int = 0
) -> IpPacket:
    key = (b"from", b"to", UDP, number)
    return IpPacket(UDP, b"from", b"to", memoryview(content), missing, offset, more, key)


def cut(content: bytes, size: int, number: int = 1) -> list[IpPacket]:
    return [
        fragment(at, content[at : at + size], at + size < len(content), number)
        for at in range(0, len(content), size)
    ]


@given(st.data(), st.binary(min_size=9, max_size=200), st.sampled_from([8, 16, 48]))
def test_add_makes_a_datagram_whole_in_any_order(
    data: st.DataObject, content: bytes, size: int
) -> None:
    pieces = data.draw(st.permutations(cut(content, size)))
    reassembler = Reassembler()
    results = [reassembler.add(piece, 0) for piece in pieces]
    assert results[:-1] == [None] * (len(pieces) - 1)
    assert results[-1] == content
    reassembler.finish()
    assert reassembler.failures == 0


def test_add_keeps_datagrams_apart() -> None:
    reassembler = Reassembler()
    first, second = (cut(bytes((n,)) * 20, 16, number=n) for n in (1, 2))
    assert reassembler.add(first[0], 0) is None
    assert reassembler.add(second[1], 0) is None
    assert reassembler.add(first[1], 0) == b"\1" * 20
    assert reassembler.add(second[0], 0) == b"\2" * 20


def test_add_takes_a_number_again_after_its_datagram_is_whole() -> None:
    reassembler = Reassembler()
    for content in (b"a" * 20, b"b" * 20):
        assert [reassembler.add(piece, 0) for piece in cut(content, 16)] == [None, content]


def test_add_ignores_the_same_fragment_again() -> None:
    reassembler = Reassembler()
    first, last = cut(b"x" * 20, 16)
    assert [reassembler.add(piece, 0) for piece in (first, first, last)] == [None, None, b"x" * 20]


@pytest.mark.parametrize(
    ("pieces", "failures"),
    [
        pytest.param([(0, b"a" * 16, True), (8, b"b" * 16, False)], 2, id="overlap"),
        pytest.param([(0, b"a" * 16, True), (0, b"b" * 16, True)], 2, id="other content"),
        pytest.param([(0, b"a" * 8, True), (0, b"b" * 16, True)], 2, id="other length"),
        pytest.param([(8, b"a" * 8, False), (16, b"b" * 8, False)], 2, id="two ends"),
        pytest.param([(16, b"a" * 8, True), (8, b"b" * 8, False)], 2, id="beyond the end"),
        pytest.param([(65528, b"a" * 8, True)], 1, id="beyond the longest datagram"),
    ],
)
def test_add_begins_anew_with_fragments_that_contradict(
    pieces: list[tuple[int, bytes, bool]], failures: int
) -> None:
    reassembler = Reassembler(lambda packet, whole: len(set(whole)) == 1)
    for offset, content, more in pieces:
        assert reassembler.add(fragment(offset, content, more), 0) is None
    # They belong to two datagrams, and neither is whole; the next one with their number is.
    assert [reassembler.add(piece, 0) for piece in cut(b"x" * 20, 16)] == [None, b"x" * 20]
    reassembler.finish()
    assert reassembler.failures == failures


def test_add_gives_up_on_fragments_that_the_capture_cut() -> None:
    reassembler = Reassembler()
    assert reassembler.add(fragment(0, b"a" * 8, True, missing=8), 0) is None
    assert reassembler.add(fragment(16, b"b" * 8, False), 0) is None
    assert reassembler.failures == 1


def test_add_forgets_a_datagram_after_a_second() -> None:
    first, last = cut(b"x" * 20, 16)
    for wait, whole in ((SECOND - 1, b"x" * 20), (SECOND, None), (-SECOND, None)):
        reassembler = Reassembler()
        reassembler.add(first, 5 * SECOND)
        assert reassembler.add(last, 5 * SECOND + wait) == whole
        assert reassembler.failures == (whole is None)


def checked(packet: IpPacket, whole: bytes) -> bool:
    """Tell whether a datagram made by `numbered` is the one that was sent."""
    return zlib.crc32(whole[4:]) == int.from_bytes(whole[:4], "big")


def numbered(number: int, length: int) -> bytes:
    content = number.to_bytes(4, "big") * (length // 4)
    return zlib.crc32(content).to_bytes(4, "big") + content


@pytest.mark.parametrize("gap_us", [100, 10_000, 2 * SECOND])
@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("lengths", [(140,), (140, 180, 132)], ids=["one length", "lengths"])
def test_add_loses_one_datagram_for_one_lost_fragment(
    lost: int, lengths: tuple[int, ...], gap_us: int
) -> None:
    """All have one number, as those of some senders have."""
    reassembler = Reassembler(checked)
    wholes = []
    for number in range(12):
        pieces = cut(numbered(number, lengths[number % len(lengths)]), 64)
        if number == 4:
            del pieces[lost]
        for piece in pieces:
            wholes.append(reassembler.add(piece, number * gap_us))
    reassembler.finish()
    found = [int.from_bytes(whole[4:8], "big") for whole in wholes if whole is not None]
    assert found == [number for number in range(12) if number != 4]
    assert reassembler.failures == 1


@given(
    losses=st.sets(st.integers(0, 29), max_size=12),
    lengths=st.lists(st.sampled_from([68, 100, 132, 160]), min_size=30, max_size=30),
)
def test_add_counts_every_datagram_of_which_something_came(
    losses: set[int], lengths: list[int]
) -> None:
    """Two seconds apart nothing mixes: what came is whole or told as lost."""
    reassembler = Reassembler(checked)
    came = wholes = 0
    for number, length in enumerate(lengths):
        pieces = cut(numbered(number, length), 64)
        if number in losses:
            del pieces[number % len(pieces)]
        came += 1
        for piece in pieces:
            wholes += reassembler.add(piece, number * 2 * SECOND) is not None
    reassembler.finish()
    assert wholes + reassembler.failures == came


def test_add_gives_no_whole_that_is_unsound() -> None:
    reassembler = Reassembler(lambda packet, whole: False)
    assert [reassembler.add(piece, 0) for piece in cut(b"x" * 20, 16)] == [None, None]
    assert reassembler.failures == 1
    reassembler.finish()
    assert reassembler.failures == 1


def test_add_does_not_count_what_nobody_wants() -> None:
    reassembler = Reassembler(wanted=lambda first: first.startswith(b"ours"))
    for number, content in enumerate((b"ours" * 5, b"else" * 5)):
        reassembler.add(cut(content, 16, number)[0], 0)
    reassembler.finish()
    assert reassembler.failures == 1


def test_finish_counts_what_is_not_whole() -> None:
    reassembler = Reassembler()
    for number in range(5):
        reassembler.add(fragment(0, b"x" * 16, True, number), 0)
    reassembler.finish()
    reassembler.finish()
    assert reassembler.failures == 5


def test_add_holds_a_bounded_number_of_datagrams() -> None:
    reassembler = Reassembler()
    content = bytes(1480)
    tracemalloc.start()
    for number in range(5000):
        reassembler.add(fragment(0, content, True, number), 0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000
    reassembler.finish()
    assert reassembler.failures == 5000
