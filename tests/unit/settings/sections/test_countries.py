# SPDX-License-Identifier: MIT
"""Countries, and what people write instead of their codes."""

from __future__ import annotations

import pytest

from appliance.settings.sections.countries import _MEANT, CODES, hint


def test_codes_are_those_of_the_standard() -> None:
    assert len(CODES) == 249
    assert {"DE", "GB", "US", "NO"} <= CODES and "UK" not in CODES

    assert set(_MEANT.values()) <= CODES


@pytest.mark.parametrize(
    ("code", "meant"),
    [("UK", "GB"), ("de", "DE"), ("Germany", "DE"), ("USA", "US"), ("Deutschland ", "DE")],
)
def test_hint_names_what_was_meant(code: str, meant: str) -> None:
    assert f'"{meant}"' in hint(code)


@pytest.mark.parametrize("code", ["DE", "ZZ", "", "x" * 1000])
def test_hint_of_nothing_near(code: str) -> None:
    assert hint(code) == ""
