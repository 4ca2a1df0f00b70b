# SPDX-License-Identifier: MIT
"""Lines out of a stream, wherever the network cuts it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.logs.lines.framing import LONGEST, Framer
from tests.unit.logs.conftest import a_line

LINES = [a_line(port).encode() for port in (1, 22, 65535)]
PLAIN = [b"firewall,info " + line.partition(b"gate ")[2] for line in LINES]


def whole(data: bytes, cuts: list[int]) -> list[bytes]:
    """Feed a stream in pieces, and end it."""
    framer, found, begin = Framer(), [], 0
    for cut in sorted(cut % (len(data) + 1) for cut in cuts) + [len(data)]:
        found += framer.feed(data[begin:cut])
        begin = cut
    return found + framer.end()


FORMS = {
    "octets": b"".join(b"%d %s" % (len(line), line) for line in LINES),
    "newlines": b"".join(line + b"\n" for line in LINES),
    "routeros": b"".join(LINES),
    "NUL": b"".join(line + b"\0" for line in LINES),
    "CR LF NUL": b"".join(line + b"\n\0" for line in LINES).rstrip(b"\0"),
}


@pytest.mark.parametrize("form", FORMS)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_lines_come_whole_however_they_are_cut(form: str, cuts: list[int]) -> None:
    assert whole(FORMS[form], cuts) == LINES


@given(cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_lines_of_routeros_without_a_time(cuts: list[int]) -> None:
    assert whole(b"".join(PLAIN), cuts) == PLAIN


@pytest.mark.parametrize(
    "head",
    [b"<134>2026-10-02T17:36:35.265-0500 gate ", b"<134>1 2026-10-02T17:36:35Z gate a - - - "],
)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_lines_without_an_end_and_with_another_time(head: bytes, cuts: list[int]) -> None:
    lines = [head + line for line in PLAIN]
    lines = [line.replace(b"firewall,info ", b"") for line in lines]
    assert whole(b"".join(lines), cuts) == lines


def test_json_lines() -> None:
    assert whole(b'{"a":1}\n{"b":2}\n', [3, 9]) == [b'{"a":1}', b'{"b":2}']


def test_a_line_that_ends_by_nothing_ends_when_it_is_quiet() -> None:
    framer = Framer()
    assert framer.feed(LINES[0]) == [] and framer.is_waiting
    assert framer.quiet() == [LINES[0]] and not framer.is_waiting
    # Who ends lines by newlines is waited for.
    framer.feed(b"a\nb")
    assert framer.quiet() == []
    assert framer.feed(b"c\n") == [b"bc"]


@pytest.mark.parametrize(
    ("data", "too_long"),
    [
        (b"x" * (LONGEST + 1) + b"\nshort\n", 1),
        (b"x" * 10 * LONGEST + b"\nshort\n", 1),
        (b"%d " % (LONGEST + 1) + b"x" * (LONGEST + 1) + b"5 short", 1),
        (b"99999 " + b"x" * 99999 + b"5 short", 1),
    ],
)
@pytest.mark.parametrize("cuts", [[], [1], list(range(0, 100_000, 1000))])
def test_what_is_too_long_is_left_out_and_counted(
    data: bytes, too_long: int, cuts: list[int]
) -> None:
    framer, found, begin = Framer(), [], 0
    for cut in [cut for cut in cuts if cut < len(data)] + [len(data)]:
        found += framer.feed(data[begin:cut])
        begin = cut
    assert (found, framer.too_long) == ([b"short"], too_long)
    assert framer.sample.startswith(b"x" if cuts == [] else b"")


def test_a_lost_count_leaves_newlines() -> None:
    framer = Framer()
    assert framer.feed(b"3 abcno number\nnext\n") == [b"abc", b"no number", b"next"]
    assert framer.feed(b"123456789\n") == [b"123456789"]


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"<134>Nov 27 14:", b"9 ", b"\n"])))
def test_memory_is_bounded_and_no_byte_is_taken_twice(pieces: list[bytes]) -> None:
    framer, size = Framer(), 0
    for piece in pieces:
        size += sum(map(len, framer.feed(piece)))
    size += sum(map(len, framer.end()))
    assert size <= sum(map(len, pieces))
