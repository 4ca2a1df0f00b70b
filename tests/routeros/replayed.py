# SPDX-License-Identifier: MIT
"""A router that answers as a real one did: what `glovebox router check --report` wrote, played."""

from __future__ import annotations

from pathlib import Path

from appliance.router import recording
from appliance.router.recording import Recording
from appliance.router.refusals import Refusal
from tests.routeros import schema
from tests.routeros.machine import Machine

WORDS = {
    Refusal.RIGHTS: "not enough permissions (9)", Refusal.VERSION: "no such command prefix",
    Refusal.DEVICE_MODE: "failure: not allowed by device-mode",
}  # fmt: skip


def machine(path: Path, name: str, password: str) -> tuple[Machine, Recording]:
    """Return a router that tells what was recorded, and lets one user in, who may read."""
    recorded = recording.read(path)
    numbers = recorded.picture.version[:3]
    played = Machine(max(schema.versions(), key=lambda each: _alike(each, numbers)))
    played.recorded = {menu: [dict(row) for row in rows] for menu, rows in recorded.tables.items()}
    played.refuses = {menu: WORDS[why] for menu, why in recorded.refused.items()}
    played.users[name] = password
    played.tables["/user"].append({".id": "*F0", "name": name, "group": name})
    played.tables["/user/group"].append({".id": "*F1", "name": name, "policy": "api,read,write"})
    return played, recorded


def _alike(version: str, numbers: tuple[int, ...]) -> tuple[bool, tuple[int, ...]]:
    """Order versions: the newest that is not newer than the router's, else the oldest."""
    found = (*schema.number(version), 0)[:3]
    return found <= numbers, found if found <= numbers else tuple(-each for each in found)
