# SPDX-License-Identifier: MIT
"""The detection engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appliance.settings.sections.fit import Network

EngineName = Literal["snort", "suricata", "none"]
Inspectors = Literal["auto", "1", "2", "3", "4", "5", "6"]


@dataclass(frozen=True)
class IdsConfig:
    engine: Literal[EngineName, "image"] = "snort"
    home_networks: tuple[Network, ...] = ()
    inspectors: Inspectors = "auto"
