# SPDX-License-Identifier: MIT
"""[capture]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[capture]\nports = [0]\n", ["ports = 0", "1 to 65535"]),
        ("[capture]\nports = []\n", ["ports = []", "at least one"]),
        ('[capture]\ninterface = "an-interface-too-long"\n', ["interface", "15 characters"]),
        ('[capture]\nrouters = ["router"]\n', ["routers = 'router'", "an IP address"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said
