# SPDX-License-Identifier: MIT
"""Answers of OTX's API: what is kept of them, whatever stands in them."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DecodeError
from appliance.formats.bad_lists import LONGEST_LINE, ListedEntry, read_list
from appliance.intel.otx.pulse_pages import UNKNOWN, pulse_of, read_page
from tests.unit.intel.otx.played_otx import HEX, indicator, pulse


def page(*results: object, **more: object) -> bytes:
    return json.dumps({"results": results, "count": len(results), "next": None} | more).encode()


def test_pulses_and_their_indicators_are_lines() -> None:
    other = [indicator("x@y.example", "email"), indicator("off.example", is_active=0)]
    one = pulse(1, "a.example", "b.example")
    one["indicators"] += other
    found = read_page(page(one, pulse(2), count=7, next="https://192.0.2.1/"))
    lines = found.lines.splitlines()
    heads = [each for each in map(pulse_of, lines) if each is not None]
    assert heads == [f"{HEX}01".encode(), f"{HEX}02".encode()]
    # What is not looked for is not kept; what is not active, the reader refuses.
    assert len(lines) == 5 and b"y.example" not in found.lines
    assert (found.results, found.count, found.last, found.more) == (2, 7, False, ())
    assert sum(isinstance(each, ListedEntry) for each in read_list(lines)) == 2


def test_indicators_alone_are_of_the_pulse_that_was_asked_for() -> None:
    head = read_page(page(pulse(3, more_indicators=True))).more[0].encode()
    found = read_page(page(indicator("c.example")), head)
    assert found.lines.startswith(head) and pulse_of(found.lines) == f"{HEX}03".encode()
    unknown = read_page(page(indicator("c.example")))
    assert unknown.lines.startswith(UNKNOWN) and pulse_of(unknown.lines) == b""


@pytest.mark.parametrize("name", [None, 7, "../../etc/passwd", "A" * 24, f"{HEX}01\n", "é" * 24])
def test_what_is_no_pulse_is_left_out(name: object) -> None:
    found = read_page(page(pulse(1, "a.example", id=name), more_indicators=True))
    assert found.lines == b"" and found.more == ()


def test_without_results_it_is_the_last_page() -> None:
    assert read_page(page(next="https://192.0.2.1/")).last


def test_a_name_with_line_breaks_stays_on_its_line() -> None:
    found = read_page(page(pulse(1, name='a\n{"pulse":"x"}\u2028\ud800', author_name=["x"])))
    assert len(found.lines.splitlines()) == 1 and found.lines.endswith(b"\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "indicators", "indicator", "type", "name"]), inner)
    ),
    max_leaves=20,
)


@pytest.mark.slow
@given(JSON, st.binary(max_size=60))
def test_any_answer_gives_lines_or_an_error(results: object, junk: bytes) -> None:
    for content in (json.dumps({"results": results}).encode(), junk):
        with contextlib.suppress(DecodeError):
            found = read_page(content)
            assert all(len(line) < 2 * LONGEST_LINE for line in found.lines.splitlines())
            assert not found.lines or found.lines.endswith(b"\n")
