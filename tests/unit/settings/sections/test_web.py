# SPDX-License-Identifier: MIT
"""[web]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[web]\npassword_hash = "secret"\n',
            ["password_hash", "--hash-password", "write password ="],
        ),
        ('[web]\napi_token = "short"\n', ["api_token", "16 to 256"]),
        ('[web]\nadmin = "x"\n', ["admin: no such key"]),
        ('[web]\nhunter22 = "password"\n', ["…: no such key"]),
        ('[web]\n"my horse" = "password"\n', ["…: no such key"]),
        ('[web]\npassword = "short"\n', ["password", "8 to 256"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said
