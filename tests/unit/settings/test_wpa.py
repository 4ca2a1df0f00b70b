# SPDX-License-Identifier: MIT
"""wpa_supplicant's configuration: nothing that the owner wrote can break out of its place."""

from __future__ import annotations

from appliance.settings.sections.wifi import WifiConfig, WifiNetwork
from appliance.settings.wpa import pairwise_key, render


def test_pairwise_key_is_that_of_the_standard() -> None:
    """IEEE 802.11, annex J.4.2, test case 1."""
    key = "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
    assert pairwise_key("password", b"IEEE").hex() == key


def test_render_of_a_network_with_a_password_takes_wpa2_and_wpa3() -> None:
    text = render(WifiConfig("DE", (WifiNetwork("IEEE", "password"),)))
    lines = text.splitlines()
    assert "country=DE" in lines
    assert "\tkey_mgmt=SAE WPA-PSK WPA-PSK-SHA256" in lines
    assert f"\tsae_password={b'password'.hex()}" in lines
    assert f"\tpsk={pairwise_key('password', b'IEEE').hex()}" in lines
    assert "\tieee80211w=1" in lines


def test_render_of_open_hidden_and_precomputed() -> None:
    networks = (WifiNetwork("Open", hidden=True), WifiNetwork("Key", "ab" * 32))
    text = render(WifiConfig("", networks))
    assert "country" not in text
    first, second = text.split("network={")[1:]
    assert "key_mgmt=NONE" in first and "scan_ssid=1" in first
    assert f"psk={'ab' * 32}" in second and "sae_password" not in second


def test_render_keeps_hostile_names_in_their_place() -> None:
    network = WifiNetwork('x"\n}\nctrl=1', 'y"\\ 123456')
    assert render(WifiConfig("", (network,))).count("}") == 1
