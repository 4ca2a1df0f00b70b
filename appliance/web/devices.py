# SPDX-License-Identifier: MIT
"""The tab of devices and films in a line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance import words
from appliance.web.facts import Facts


def line(figures: Mapping[str, Any]) -> str:
    """Say how many devices have an address, and how many films there are for how many players."""
    facts: Facts = figures["facts"]
    films = facts.health.films
    parts = [_addresses(facts)]
    if films is not None:
        library = films.library
        players = words.counted(len(library.clients), "player")
        parts.append(f"{words.counted(library.video, 'film')}, {players}.")
    return " ".join(parts)


def _addresses(facts: Facts) -> str:
    serving = [port for port in facts.ports if port.serving]
    if not serving:
        return "No addresses are given out."
    count = sum(len(port.devices) for port in serving)
    return f"{words.counted(count, 'device')} {'has' if count == 1 else 'have'} an address."
