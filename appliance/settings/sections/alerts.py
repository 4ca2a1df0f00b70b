"""How many alerts are kept."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.settings.sections.fit import expect


@dataclass(frozen=True)
class AlertsConfig:
    keep: int = 1_000_000

    def __post_init__(self) -> None:
        expect(self.keep >= 1000, "keep", self.keep, "at least 1000")
