# SPDX-License-Identifier: MIT
"""[flows]: each wrong value is refused with what was expected."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from appliance.settings.sections.flows import FlowsConfig
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[flows]\nexporters = ["router"]\n', ["exporters", "router"]),
        ('[flows]\nexporters = ["224.0.0.1"]\n', ["exporters", "address of a router"]),
        ("[flows]\nline_speed_mbit = -1\n", ["line_speed_mbit = -1", "0 to 1,000,000"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert all(word in said for word in words), said


def test_one_router_is_one_address() -> None:
    found = FlowsConfig(exporters=(ip_address("::ffff:192.0.2.1"), ip_address("192.0.2.1")))
    assert found.exporters == (ip_address("192.0.2.1"),)
