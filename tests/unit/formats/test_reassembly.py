"""Fragments in any order, with everything that can be wrong about them."""

from __future__ import annotations

import tracemalloc

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
    return IpPacket(UDP, b"from", memoryview(content), missing, offset, more, key)


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
    "pieces",
    [
        pytest.param([(0, b"a" * 16, True), (8, b"b" * 16, False)], id="overlap"),
        pytest.param([(0, b"a" * 16, True), (0, b"b" * 16, True)], id="other content"),
        pytest.param([(0, b"a" * 8, True), (0, b"b" * 16, True)], id="other length"),
        pytest.param([(8, b"a" * 8, False), (16, b"b" * 8, False)], id="two ends"),
        pytest.param([(16, b"a" * 8, True), (8, b"b" * 8, False)], id="beyond the end"),
        pytest.param([(65528, b"a" * 8, True)], id="beyond the longest datagram"),
    ],
)
def test_add_gives_up_on_fragments_that_contradict(pieces: list[tuple[int, bytes, bool]]) -> None:
    reassembler = Reassembler()
    for offset, content, more in pieces:
        assert reassembler.add(fragment(offset, content, more), 0) is None
    # What comes late for a spoilt datagram is neither used nor counted again.
    for offset in range(0, 64, 8):
        assert reassembler.add(fragment(offset, b"c" * 8, offset < 56), 0) is None
    reassembler.finish()
    assert reassembler.failures == 1


def test_add_gives_up_on_fragments_that_the_capture_cut() -> None:
    reassembler = Reassembler()
    assert reassembler.add(fragment(0, b"a" * 8, True, missing=8), 0) is None
    assert reassembler.add(fragment(16, b"b" * 8, False), 0) is None
    assert reassembler.failures == 1


def test_add_forgets_a_datagram_after_half_a_minute() -> None:
    first, last = cut(b"x" * 20, 16)
    for wait, whole in ((29 * SECOND, b"x" * 20), (30 * SECOND, None)):
        reassembler = Reassembler()
        reassembler.add(first, 0)
        assert reassembler.add(last, wait) == whole
        assert reassembler.failures == (whole is None)


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
