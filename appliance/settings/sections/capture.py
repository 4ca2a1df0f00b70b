"""Where the stream comes in, and from whom."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.settings.sections.fit import Address, expect


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
