# SPDX-License-Identifier: MIT
"""The Wi-Fi networks that this machine joins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from appliance.settings.sections import countries
from appliance.settings.sections.fit import Unfit, expect

_BACKSLASH = 'inside "…" a \\ must be written twice (\\\\); expected letters, digits and signs'
_ALONE = "write it in quotes, on the line of its key"
_OPEN = "write the network's password, or leave the key out for an open network"


@dataclass(frozen=True)
class WifiNetwork:
    """A network to join. Its name is a text, or octets in hexadecimal that are none."""

    ssid: str = ""
    # Whoever writes the key means a protected network: an empty one is forgotten, not chosen.
    password: str = field(default="", repr=False, metadata={"empty": _OPEN})
    hidden: bool = False
    ssid_hex: str = ""

    def __post_init__(self) -> None:
        if not self.ssid and not self.ssid_hex:
            raise Unfit("ssid: missing")
        expect(not (self.ssid and self.ssid_hex), "ssid", self.ssid, "either ssid or ssid_hex")
        sound = re.fullmatch("(([0-9a-fA-F]{2}){1,32})?", self.ssid_hex)
        expect(bool(sound), "ssid_hex", self.ssid_hex, "2 to 64 hexadecimal digits")
        expect(len(self.octets) <= 32, "ssid", self.ssid, "1 to 32 bytes")
        # IEEE 802.11, annex J: a passphrase, or the key made of it in hexadecimal.
        fits = re.fullmatch(r"[0-9a-fA-F]{64}", self.password) or (
            8 <= len(self.password.encode()) <= 63 and self.password.isprintable()
        )
        if self.password.rstrip("\r\n") != self.password:
            raise Unfit(f"password of {self.ssid!r}: it ends in a line end; {_ALONE}")
        if not self.password.isprintable():
            # "C:\\temp" holds a tab, and nobody sees it.
            raise Unfit(f"password of {self.ssid!r}: {_BACKSLASH}")
        if self.password and not fits:
            name = self.ssid or self.ssid_hex
            raise Unfit(f"password of {name!r}: expected 8 to 63 characters, or 64 hex digits")

    @property
    def octets(self) -> bytes:
        """The name as it goes through the air."""
        return bytes.fromhex(self.ssid_hex) if self.ssid_hex else self.ssid.encode()


@dataclass(frozen=True)
class WifiConfig:
    country: str = ""
    networks: tuple[WifiNetwork, ...] = ()

    def __post_init__(self) -> None:
        known = not self.country or self.country in countries.CODES
        hint = countries.hint(self.country)
        expect(known, "country", self.country, f'two capitals like "DE", or ""{hint}')
