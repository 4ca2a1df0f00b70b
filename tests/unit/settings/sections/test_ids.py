# SPDX-License-Identifier: MIT
"""[ids]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[ids]\nhome_networks = ["10.0.0.1/8"]\n', ["home_networks", "10.0.0.0/8"]),
        ('[ids]\nengine = "zeek"\n', ["engine = 'zeek'", "'snort'"]),
        ('[ids]\ninspectors = "9"\n', ["inspectors = '9'", "'auto'"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said
