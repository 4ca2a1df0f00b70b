# SPDX-License-Identifier: MIT
"""How many alerts are kept."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.settings.sections.fit import expect


@dataclass(frozen=True)
class AlertsConfig:
    keep: int = 1_000_000

    def __post_init__(self) -> None:
        fits = 1000 <= self.keep <= 100_000_000
        expect(fits, "keep", self.keep, "at least 1000, and at most 100,000,000")
