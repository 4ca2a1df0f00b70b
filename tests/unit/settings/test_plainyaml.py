"""YAML without its surprises."""

from __future__ import annotations

import pytest

from appliance.settings.plainyaml import load


def test_load_takes_every_value_as_text() -> None:
    assert load("country: NO\nport: 080\n") == {"country": "NO", "port": "080"}


@pytest.mark.parametrize(
    "text",
    ["a: &x [1]\nb: *x\n", "a: b: c", "\t- x", "[" * 5000],
    ids=["alias", "no YAML", "tab", "deep"],
)
def test_load_refuses(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        load(text)
    assert "\n" not in str(caught.value)
