# SPDX-License-Identifier: MIT
"""[dhcp]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import build
from appliance.settings.tables import parse
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[dhcp]\naddress = "8.8.8.8/24"\n', ["address = '8.8.8.8/24'", "from /20 to /28"]),
        ('[dhcp]\naddress = "10.0.0.0/24"\n', ["address", "with its network"]),
        ('[dhcp]\naddress = "10.0.0.1/30"\n', ["address", "from /20 to /28"]),
        ("[dhcp]\nlease_hours = 0\n", ["lease_hours = 0", "1 to 168"]),
        ('[dhcp]\nrouter = "10.78.0.1"\n', ["router", "within 10.77.0.1/24"]),
        ('[dhcp]\nrouter = "10.77.0.1"\n', ["router", "within 10.77.0.1/24"]),
        ('[dhcp]\nstatic = ["02:00:00:00:00:01"]\n', ["static", "MAC address, address"]),
        ('[dhcp]\nprofile = "boat"\n', ["profile = 'boat'", "'auto'"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


def test_each_device_has_one_address() -> None:
    twice = '"02:00:00:00:00:01 10.77.0.2 a", "02:00:00:00:00:01 10.77.0.3 b"'
    with pytest.raises(ConfigError, match="each MAC address, address and name once"):
        build(parse(f"[dhcp]\nstatic = [{twice}]\n".encode(), "file"))
