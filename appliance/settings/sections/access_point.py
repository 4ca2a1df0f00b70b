# SPDX-License-Identifier: MIT
"""What the router's script makes of it as an access point."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from appliance.settings.sections.fit import Unfit, expect


@dataclass(frozen=True)
class AccessPointConfig:
    ssid: str = "Glovebox"
    passphrase: str = field(default="", repr=False)
    country: str = ""
    driver: Literal["wireless", "wifi"] = "wireless"
    stream: bool = False

    def __post_init__(self) -> None:
        expect(0 < len(self.ssid.encode()) <= 32, "ssid", self.ssid, "1 to 32 bytes")
        code = bool(re.fullmatch("[A-Za-z]{2}", self.country))
        written = 'the name as RouterOS writes it, "germany" (wireless) or "Germany" (wifi)'
        fits = not code and (self.driver == "wifi" or self.country == self.country.lower())
        expect(fits or not self.country, "country", self.country, written)
        # Never shown in an error: IEEE 802.11-2020, J.4.1.
        if self.passphrase and not re.fullmatch(r"[ -~]{8,63}", self.passphrase):
            raise Unfit("passphrase: expected 8 to 63 letters, digits and signs of ASCII")
