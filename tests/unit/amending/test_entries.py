# SPDX-License-Identifier: MIT
"""What is filled in becomes a value, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.amending import entries
from tests.unit.amending.test_fields import BY_PLACE


@pytest.mark.parametrize(
    ("place", "text", "value"),
    [
        (("media", "enabled"), "false", False), (("alerts", "keep"), "1,000,000", 1_000_000),
        (("alerts", "keep"), "-5", -5), (("system", "hostname"), " attic ", "attic"),
        (("capture", "ports"), "37008\r\n\r\n37009", [37008, 37009]),
        (("dhcp", "dns_servers"), " 9.9.9.9 \n", ["9.9.9.9"]), (("dhcp", "profile"), "car", "car"),
        (("wifi", "networks"), "", []),
        (("wifi", "networks"), '[{ ssid = "a" }]', [{"ssid": "a"}]),
    ],
)  # fmt: skip
def test_values(place: tuple[str, str], text: str, value: Any) -> None:
    field = BY_PLACE[place]
    found = entries.value_of(field, text)
    assert found == value and type(found) is type(value)
    assert entries.value_of(field, entries.shown(field, value)) == value


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        (("media", "enabled"), "maybe", "expected yes or no"), (("alerts", "keep"), "x", "number"),
        (("alerts", "keep"), "9" * 30, "smaller"), (("dhcp", "profile"), "x", "'auto' or"),
        (("capture", "ports"), "1\nx", "expected a number"), (("wifi", "networks"), "[", "line"),
        (("wifi", "networks"), '[]\n[web]\npassword = "x"', "one list"),
        (("wifi", "networks"), "1", "one list"),
        (("wifi", "networks"), '{ name = "x" }', "one list"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(place: tuple[str, str], text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        entries.value_of(BY_PLACE[place], text)


@given(st.sampled_from(sorted(BY_PLACE)), st.text(max_size=60))
@example(("wifi", "networks"), "1,")
def test_no_text_breaks_it(place: tuple[str, str], text: str) -> None:
    try:
        value = entries.value_of(BY_PLACE[place], text)
    except ValueError as error:
        assert len(str(error)) < 300
    else:
        entries.shown(BY_PLACE[place], value)
