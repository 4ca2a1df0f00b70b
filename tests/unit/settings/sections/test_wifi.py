# SPDX-License-Identifier: MIT
"""[wifi]: each wrong value is refused with what was expected."""

from __future__ import annotations

import pytest

from appliance.settings.sections.fit import Unfit
from appliance.settings.sections.wifi import WifiNetwork
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[wifi]\ncountry = "de"\n', ["country = 'de'", "two capitals"]),
        ('[wifi]\nnetworks = ["Home"]\n', ["networks", "a table"]),
        ('[wifi]\nnetworks = [{ password = "x" }]\n', ["ssid: missing"]),
        ('[wifi]\nnetworks = [{ ssid = "H", passwort = "x" }]\n', ["passwort", "no such key"]),
        ('[wifi]\nnetworks = [{ ssid = "H", password = "x" }]\n', ["'H'", "8 to 63"]),
        # A password that was to be filled in is no wish for an open network.
        ('[wifi]\nnetworks = [{ ssid = "H", password = "" }]\n', ["password: empty", "leave"]),
        ('[wifi]\nnetworks = [{ ssid = "H", password = "12345678\\n" }]\n', ["'H'", "a line end"]),
        ('[[wifi.networks]]\nssid = "H"\npassword = ""\n', ["password: empty", "leave"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


def test_network_measures_bytes() -> None:
    WifiNetwork("ä" * 16, "ö" * 31)
    for ssid, password in (("ä" * 17, ""), ("x", "ö" * 32), ("x", "1234567")):
        with pytest.raises(Unfit):
            WifiNetwork(ssid, password)


def test_network_shows_no_password() -> None:
    assert "1234 5678" not in repr(WifiNetwork("x", "1234 5678"))
