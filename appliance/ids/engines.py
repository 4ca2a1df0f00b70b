# SPDX-License-Identifier: MIT
"""The engines there are, by the names that the settings have for them; "none" is not among them."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.ids import snort, suricata
from appliance.ids.engine import Engine
from appliance.settings.config import Config

NONE = "none"
ENGINES: Mapping[str, Engine] = {"snort": snort, "suricata": suricata}


def chosen(settings: Config) -> Engine | None:
    """Return the engine of these settings, None for a sensor that only captures."""
    return ENGINES.get(settings.ids.engine)
