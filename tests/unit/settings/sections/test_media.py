# SPDX-License-Identifier: MIT
"""[media]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[media]\nname = "a\\nport=1"\n', ["[media] name", "on one line"]),
        ('[media]\nname = " "\n', ["[media] name", "1 to 63 bytes"]),
        ('[media]\nname = "<b>"\n', ["[media] name", "without < > &"]),
        ('[media]\nkinds = ["films"]\n', ["kinds = 'films'", "'video' or 'audio'"]),
        ("[media]\nkinds = []\n", ["kinds = []", "at least one kind"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said
