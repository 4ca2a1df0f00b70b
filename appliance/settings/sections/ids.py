# SPDX-License-Identifier: MIT
"""The detection engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appliance.settings.sections.fit import Network

EngineName = Literal["snort", "suricata", "none"]


@dataclass(frozen=True)
class IdsConfig:
    engine: Literal[EngineName, "image"] = "snort"
    home_networks: tuple[Network, ...] = ()
