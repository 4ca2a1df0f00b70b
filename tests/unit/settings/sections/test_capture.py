# SPDX-License-Identifier: MIT
"""[capture]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.settings.config import build
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[capture]\nports = [0]\n", ["ports = 0", "1 to 65535"]),
        ("[capture]\nports = []\n", ["ports = []", "at least one"]),
        ('[capture]\ninterface = "an-interface-too-long"\n', ["interface", "15 characters"]),
        ('[capture]\ninterface = "../tzsp0"\n', ["interface", "15 characters"]),
        ('[capture]\ninterface = "tzsp0\\n"\n', ["interface", "15 characters"]),
        ('[capture]\nrouters = ["192.0.2.1\\n"]\n', ["routers", "an IP address"]),
        ('[capture]\nrouters = ["router"]\n', ["routers = 'router'", "an IP address"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


@pytest.mark.parametrize("given", ["fe80::1%eth0", "fe80::1%1", "fe80::1"])
def test_a_router_is_its_address_alone_and_stands_once(given: str) -> None:
    found = build({"capture": {"routers": [given, "fe80::1", "::ffff:192.0.2.1", "192.0.2.1"]}})
    assert [*map(str, found.capture.routers)] == ["fe80::1", "192.0.2.1"]
