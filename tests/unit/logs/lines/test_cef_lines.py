# SPDX-License-Identifier: MIT
"""Keys, values and escapes of CEF."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import DecodeError
from appliance.logs.lines import cef_lines
from tests.unit.logs.conftest import known_lines


def test_every_known_line(shared_data: Path) -> None:
    lines = list(known_lines(shared_data, "routeros-cef"))
    assert len(lines) == 2
    for each in lines:
        found = cef_lines.parse(each["line"])
        assert found.name == each["expect"]["topics"]
        for key in ("msg", "duser"):
            if key in each["expect"]:
                assert found.value(key) == each["expect"][key]


def test_a_value_goes_to_the_next_key() -> None:
    found = cef_lines.parse(r"CEF:0|a|b|c|1|name|Low|msg=one two\=2 three src=192.0.2.1 x=a|b\c")
    values = {key: found.value(key) for key in ("msg", "src", "x", "y")}
    assert values == {"msg": "one two=2 three", "src": "192.0.2.1", "x": "a|b\\c", "y": ""}
    assert found.message == "one two=2 three"


@pytest.mark.parametrize(
    "line",
    [
        "CEF:0|",
        "CEF:0|a|b|c|1|name|Low",
        "CEF:0|a|b|c|1|n|L|" + " ".join(f"k{n}=1" for n in range(65)),
    ],
)
def test_half_lines_and_floods_of_keys_are_refused(line: str) -> None:
    with pytest.raises(DecodeError):
        cef_lines.parse(line)


def test_a_bar_in_the_header_is_escaped() -> None:
    found = cef_lines.parse(r"CEF:0|a\|b|c\\|d|1|na\|me|Low|msg=x")
    assert found.name == r"na\|me" and found.message == "x"
