# SPDX-License-Identifier: MIT
"""What nobody can print is written out, and all else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.logs.lines.printable import printable


@given(st.text())
def test_each_sign_is_written_by_itself(text: str) -> None:
    found = printable(text)
    assert found.isprintable()
    assert found == "".join(map(printable, text))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain 'é\" \\ 中", "plain 'é\" \\ 中"),
        ("\x07\n\r\t\0", r"\x07\x0a\x0d\x09\x00"),
        ("\u202e\U000e0001", r"\u202e\U000e0001"),
        ("'\"\n\\n\\\\", "'\"\\x0a\\n\\\\"),
        ("", ""),
    ],
)
def test_signs_that_repr_has_others_for(text: str, written: str) -> None:
    assert printable(text) == written
