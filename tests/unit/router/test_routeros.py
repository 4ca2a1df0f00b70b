# SPDX-License-Identifier: MIT
"""Quoting for RouterOS: whatever goes in is data there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.router.routeros import quote


def unquote(text: str) -> str:
    """Read a RouterOS string of plain signs and hexadecimal escapes, and nothing else."""
    assert re.fullmatch(r'"(?:[A-Za-z0-9 ._:/,@+-]|\\[0-9A-F]{2})*"', text), text
    raw = re.sub(r"\\([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text[1:-1])
    return raw.encode("latin-1").decode()


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Kit", '"Kit"'),
        ("", '""'),
        ('a" ; /system reboot ; "', '"a\\22 \\3B /system reboot \\3B \\22"'),
        ("$[/user print]", '"\\24\\5B/user print\\5D"'),
        ("back\\slash?", '"back\\5Cslash\\3F"'),
        ("Müller", '"M\\C3\\BCller"'),
        ("line\nline", '"line\\0Aline"'),
    ],
)
def test_quote_escapes_what_has_a_meaning(text: str, quoted: str) -> None:
    assert quote(text) == quoted


def test_what_is_no_utf8_goes_back_as_it_came() -> None:
    """WinBox writes the letters of Windows: here `Büro`."""
    assert quote(b"B\xfcro".decode("utf-8", "surrogateescape")) == '"B\\FCro"'


@given(st.text())
def test_quote_loses_nothing(text: str) -> None:
    assert unquote(quote(text)) == text
