"""What the sensor does: the stream, the engine, the alerts, and how it shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from appliance.settings.sections.fit import Address, Network, Unfit, expect

EngineName = Literal["snort", "suricata", "none"]
# As the page's own, and as crypt(5) makes them: Imager knows a password in no other form.
PASSWORD_HASH = re.compile(
    r"scrypt:[0-9:]{5,16}\$\w{1,64}\$[0-9a-f]{128}"
    r"|\$(y|gy|7|2b|6|5)\$[./0-9A-Za-z$=,]{20,200}"
)


@dataclass(frozen=True)
class CaptureConfig:
    interface: str = "tzsp0"
    ports: tuple[int, ...] = (37008,)
    routers: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        expect(0 < len(self.interface) < 16, "interface", self.interface, "1 to 15 characters")
        for port in self.ports:
            expect(0 < port < 65536, "ports", port, "1 to 65535")
        expect(bool(self.ports), "ports", list(self.ports), "at least one port")


@dataclass(frozen=True)
class IdsConfig:
    engine: Literal[EngineName, "image"] = "snort"
    home_networks: tuple[Network, ...] = ()


@dataclass(frozen=True)
class AlertsConfig:
    keep: int = 1_000_000

    def __post_init__(self) -> None:
        expect(self.keep >= 1000, "keep", self.keep, "at least 1000")


@dataclass(frozen=True)
class WebConfig:
    title: str = "Glovebox"
    password: str = field(default="", repr=False)
    password_hash: str = field(default="", repr=False)
    api_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        expect(0 < len(self.title) <= 64, "title", self.title, "1 to 64 characters")
        if self.password and not 8 <= len(self.password) <= 256:
            raise Unfit("password: expected 8 to 256 characters")
        if self.password_hash and not PASSWORD_HASH.fullmatch(self.password_hash):
            raise Unfit("password_hash: expected what `glovebox web --hash-password` prints")
        if self.api_token and not re.fullmatch(r"[!-~]{16,256}", self.api_token):
            raise Unfit("api_token: expected 16 to 256 letters, digits and signs, no spaces")


@dataclass(frozen=True)
class LedsConfig:
    onboard: tuple[str, ...] = ("ACT", "led0")
    pins: tuple[int, ...] = ()
    pins_active_low: bool = False
    brightness: int = 100
    night_hours: tuple[str, ...] = ()
    night_brightness: int = 0
    night_shows: Literal["nothing", "faults", "faults and alerts"] = "faults"

    def __post_init__(self) -> None:
        for name in self.onboard:
            plain = bool(name) and "/" not in name and not name.startswith(".")
            expect(plain, "onboard", name, "names as in /sys/class/leds")
        for pin in self.pins:
            expect(0 <= pin <= 27, "pins", pin, "Broadcom GPIO numbers, 0 to 27")
        expect(len(set(self.pins)) == len(self.pins), "pins", list(self.pins), "each pin once")
        for key in ("brightness", "night_brightness"):
            value = getattr(self, key)
            expect(0 <= value <= 100, key, value, "0 to 100 (percent)")
        hours = self.night_hours
        clocks = all(re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", hour) for hour in hours)
        sound = len(set(hours)) == len(hours) and len(hours) in (0, 2) and clocks
        expect(sound, "night_hours", list(hours), 'two times like ["22:00", "07:00"], or []')
