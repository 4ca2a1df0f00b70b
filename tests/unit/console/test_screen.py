# SPDX-License-Identifier: MIT
"""What a router prints becomes plain lines, whatever it is."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.console import screen
from appliance.console.screen import Ring, plain


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"one\r\ntwo\r\n", "one\ntwo\n"),
        (b"\x1b[1;32m[admin@home]\x1b[m > ", "[admin@home] > "),
        (b"abx\x08c\ttab", "abc tab"),
        (b"10%\r20%\r\n", "20%\n"),
        (b"\x1b]0;title\x07x\x1b", "x"),
        (b"\x1b[6n\x00\x07y\xff", "y\ufffd"),
        (b"", ""),
    ],
)  # fmt: skip
def test_terminal_output_is_made_plain(content: bytes, text: str) -> None:
    assert plain(content) == text


@given(st.binary(max_size=300) | st.text("\x1b[]0;m\x07\r\n\bab").map(str.encode))
def test_whatever_comes_is_printable_lines(content: bytes) -> None:
    assert all(line.isprintable() for line in plain(content).split("\n"))


def test_the_newest_is_kept() -> None:
    ring = Ring()
    for number in range(40):
        ring.add(bytes([65 + number % 26]) * 4096)
    kept = base64.b64decode(ring.came())
    assert ring.total == 40 * 4096 and len(kept) == screen.SIZE
    assert kept.endswith(b"N" * 4096)
