"""The Wi-Fi networks that this machine joins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from appliance.settings.sections.fit import Unfit, expect


@dataclass(frozen=True)
class WifiNetwork:
    ssid: str
    password: str = field(default="", repr=False)
    hidden: bool = False

    def __post_init__(self) -> None:
        length = len(self.ssid.encode())
        expect(0 < length <= 32, "ssid", self.ssid, "1 to 32 bytes")
        # IEEE 802.11, annex J: a passphrase, or the key made of it in hexadecimal.
        fits = re.fullmatch(r"[0-9a-fA-F]{64}", self.password) or (
            8 <= len(self.password.encode()) <= 63 and self.password.isprintable()
        )
        if self.password and not fits:
            raise Unfit(f"password of {self.ssid!r}: expected 8 to 63 characters, or 64 hex digits")


@dataclass(frozen=True)
class WifiConfig:
    country: str = ""
    networks: tuple[WifiNetwork, ...] = ()

    def __post_init__(self) -> None:
        known = re.fullmatch("([A-Z]{2})?", self.country)
        expect(bool(known), "country", self.country, 'two capitals like "DE", or ""')
