# SPDX-License-Identifier: MIT
"""Tables written as TOML are read back the same."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings.tomltext import dumps

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text("abyz_", min_size=1, max_size=9)
VALUES = st.recursive(
    st.one_of(TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_dumps_is_read_back_the_same(table: dict[str, Any]) -> None:
    assert tomllib.loads(dumps({"section": table})) == {"section": table}


def test_dumps_writes_what_people_would() -> None:
    table = {"hostname": "box", "networks": [{"ssid": "Home", "hidden": False}]}
    text = '[system]\nhostname = "box"\nnetworks = [{ ssid = "Home", hidden = false }]\n'
    assert dumps({"system": table}) == text


@pytest.mark.parametrize("sign", ["\x7f", '"', "\\", "\n", "😀", "\u2028"])
def test_dumps_of_signs_that_toml_escapes(sign: str) -> None:
    assert tomllib.loads(dumps({"a": {"b": sign}}))["a"]["b"] == sign
