# SPDX-License-Identifier: MIT
"""Whatever strangers write leaves as one plain line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.notify.outgoing_text import (
    LONGEST,
    bytes_of,
    cleaned,
    units_of,
    within,
    without_secrets,
)


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("ET SCAN Nmap -sS", "ET SCAN Nmap -sS"),
        ("a\r\nSubject: b", "a Subject: b"),
        ("\x1b[31mred\x1b[0m", "31mred 0m"),
        ("abc\u202efed", "abc fed"),
        ("see https://evil.example/x", "see https: evil[.]example/x"),
        ("[click](http://evil.example)", "click (http: evil[.]example)"),
        ("@everyone <b>hi</b> `rm`", "(at)everyone b hi /b rm"),
        ("198.51.100.7 and 2001:db8::1", "198.51.100.7 and 2001:db8::1"),
        ("o\u0336\u0336\u0336n", "o n"),
    ],
)
def test_what_is_left_of_it(given_: str, wanted: str) -> None:
    assert cleaned(given_) == wanted


@given(st.text(max_size=500))
def test_no_text_gets_through_as_more_than_a_line(text: str) -> None:
    found = cleaned(text)
    assert len(found) <= LONGEST and found == found.strip()
    assert all(each.isprintable() for each in found) and "://" not in found
    assert not re.search(r"[<>`*|~@]", found)
    assert cleaned(found) == found
    assert not any(unicodedata.category(each).startswith("M") for each in found)


def test_long_text_is_cut_and_says_so() -> None:
    assert cleaned("x" * 10_000) == "x" * (LONGEST - 1) + "…"


def test_secrets_are_taken_out_the_longest_first() -> None:
    assert without_secrets("https://h/abcd/efgh and abcd", ["abcd", "/abcd/efgh", "h"]) == (
        "https://h… and …"
    )


@given(st.text(max_size=300), st.integers(8, 400), st.sampled_from([len, bytes_of, units_of]))
def test_what_is_cut_fits_and_says_so(text: str, most: int, size: Callable[[str], int]) -> None:
    found = within(text, most, size)
    assert size(found) <= most
    assert found == text or found.endswith("…") or text.startswith(found)
