# SPDX-License-Identifier: MIT
"""[alerts]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[alerts]\nkeep = 1\n", ["keep = 1", "at least 1000"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said
