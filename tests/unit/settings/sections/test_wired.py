# SPDX-License-Identifier: MIT
"""[wired]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.settings.config import build
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[wired]\naddresses = ["10.0.0.300/8"]\n', ["addresses", "192.168.88.5/24"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


def test_addresses_of_the_port_name_no_interface() -> None:
    given = {"addresses": ["2001:db8::5/64"], "gateways": ["fe80::1%eth1"], "dns": ["fe80::1%x"]}
    found = build({"wired": given}).wired
    assert [*map(str, found.gateways + found.dns)] == ["fe80::1", "fe80::1"]
