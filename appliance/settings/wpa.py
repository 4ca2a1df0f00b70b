# SPDX-License-Identifier: MIT
"""wpa_supplicant's configuration for the owner's networks (wpa_supplicant.conf(5))."""

from __future__ import annotations

import hashlib
import re

from appliance.settings.sections.wifi import WifiConfig, WifiNetwork

# sae_pwe: both ways to derive the element of a password. Access points of Wi-Fi 6 want the newer
# one, and the radios of the Pi announce it by themselves; older ones know only the other.
GLOBAL = """\
update_config=0
sae_pwe=2
"""


def render(wifi: WifiConfig) -> str:
    """Return the file. Whatever the owner wrote stands in hexadecimal: nothing can break out."""
    country = f"country={wifi.country}\n" if wifi.country else ""
    return GLOBAL + country + "".join(map(_network, wifi.networks))


def _network(network: WifiNetwork) -> str:
    lines = [f"ssid={network.octets.hex()}", *_security(network)]
    if network.hidden:
        lines.append("scan_ssid=1")
    return "network={\n" + "".join(f"\t{line}\n" for line in lines) + "}\n"


def _security(network: WifiNetwork) -> list[str]:
    if not network.password:
        return ["key_mgmt=NONE"]
    if re.fullmatch("[0-9a-fA-F]{64}", network.password):
        # Already the key of WPA2; WPA3 could not use it.
        return ["key_mgmt=WPA-PSK WPA-PSK-SHA256", f"psk={network.password}", "ieee80211w=1"]
    return [
        "key_mgmt=SAE WPA-PSK WPA-PSK-SHA256",
        f"psk={pairwise_key(network.password, network.octets).hex()}",
        f"sae_password={network.password.encode().hex()}",
        "ieee80211w=1",
    ]


def pairwise_key(passphrase: str, ssid: bytes) -> bytes:
    """Return the 32 bytes that WPA2 makes of a passphrase (IEEE 802.11, annex J.4)."""
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid, 4096, 32)
