# SPDX-License-Identifier: MIT
"""Strangers' text in pictures."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.charts.svg_text import LONGEST, label, visible


@given(st.text())
def test_any_text_makes_valid_xml(text: str) -> None:
    parsed = ElementTree.fromstring(f"<text>{label(text)}</text>")
    assert (parsed.text or "") == visible(text)
    assert len(visible(text)) <= LONGEST + 1 and len(parsed) == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x1b[31m", "a?[31m"), ("\u202egnp", "?gnp"), ("a\0b", "a?b"), ("ü中", "ü中"),
     ("x" * 41, "x" * 40 + "…"), ("\ud800", "?")],
)  # fmt: skip
def test_what_cannot_be_seen_is_a_question_mark(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert label("<b>&\"'") == "&lt;b&gt;&amp;&quot;&#x27;"
