# SPDX-License-Identifier: MIT
"""[access_point]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import build
from appliance.settings.tables import parse
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[access_point]\nssid = ""\n', ["ssid = ''", "1 to 32 bytes"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


def test_passphrase_is_not_shown() -> None:
    with pytest.raises(ConfigError) as raised:
        build(parse(b'[access_point]\npassphrase = "seven77"\n', "file"))
    assert "8 to 63" in str(raised.value) and "seven77" not in str(raised.value)
