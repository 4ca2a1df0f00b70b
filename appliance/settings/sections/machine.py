"""What this machine is in its network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from appliance.settings.sections.fit import Address, Interface, Unfit, expect

ZONES = Path("/usr/share/zoneinfo")
SSH_KEY = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)"
    r"@openssh\.com) [A-Za-z0-9+/]+=*( [^\x00-\x1f\x7f]*)?"
)


@dataclass(frozen=True)
class SystemConfig:
    hostname: str = "glovebox"
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        named = re.fullmatch("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", self.hostname)
        expect(bool(named), "hostname", self.hostname, "1 to 63 letters, digits and hyphens")
        plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", self.timezone)
        there = plain and (ZONES / self.timezone).is_file()
        expect(bool(there), "timezone", self.timezone, 'a time zone like "Europe/Berlin"')


@dataclass(frozen=True)
class WiredConfig:
    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()
    dns: tuple[Address, ...] = ()


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


@dataclass(frozen=True)
class SshConfig:
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in self.keys:
            sound = SSH_KEY.fullmatch(key)
            expect(bool(sound), "keys", key, 'public keys like "ssh-ed25519 AAAA… name"')
