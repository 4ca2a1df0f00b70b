# SPDX-License-Identifier: MIT
"""[system]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.settings.sections.fit import Unfit
from appliance.settings.sections.system import SystemConfig
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[system]\nhostname = "a.b"\n', ["hostname = 'a.b'", "letters"]),
        ('[system]\ntimezone = "Mars"\n', ["timezone = 'Mars'", "Europe/Berlin"]),
        ('[system]\ntimezone = "Vienna"\n', ['perhaps "Europe/Vienna"']),
        ('[system]\ntimezone = "europe/london"\n', ['perhaps "Europe/London"']),
        ('[system]\ntimezone = "America/New York"\n', ['perhaps "America/New_York"']),
        ('[system]\ntimezone = "Europe/Kiew"\n', ['perhaps "Europe/Kyiv"']),
        ('[system]\nhostname = "wpad"\n', ["another name"]),
        ('[system]\nhostname = "Localhost"\n', ["another name"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


@pytest.mark.parametrize("name", ["-x", "x-", "", "a" * 64, "a.b", "a_b", "ä", "a\nb"])
def test_hostname_is_one_label(name: str) -> None:
    with pytest.raises(Unfit):
        SystemConfig(hostname=name)
