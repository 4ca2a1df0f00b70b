# SPDX-License-Identifier: MIT
"""Bytes for people to read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.evidence.hex_lines import hex_lines


def test_lines_have_offset_digits_and_text() -> None:
    first, second, more = hex_lines(b"GET / HTTP/1.1\r\n\x00<b>" + bytes(90), 20).splitlines()
    assert first == "0000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1.."
    assert second.startswith("0010  00 3c 62 3e ") and second.endswith("  .<b>............")
    assert more == "… and 90 bytes more"


@given(st.binary(max_size=200))
def test_everything_is_printable(content: bytes) -> None:
    assert all(line.isprintable() for line in hex_lines(content, 100).splitlines())
