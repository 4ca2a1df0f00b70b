# SPDX-License-Identifier: MIT
"""What lasts of a trial of network settings, and what its two services tell each other.

`glovebox settings` keeps the settings themselves, which hold passwords; `glovebox probation` keeps
what came of the trial, and sees no secret.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from appliance import files, shape
from appliance.errors import ConfigError
from appliance.probation.policy import KeptNetwork, NewNetwork, Tables, TrialProgress
from appliance.settings import config

Kept = TypeVar("Kept")

# In the folder of the settings on DATA, in that of this service, and where settings are handed on.
RECORD, PROGRESS, ON_TRIAL = "network.json", "progress.json", "on-trial.json"


@dataclass(frozen=True, slots=True)
class OnTrial:
    """What is to be watched: the attempt, its fixed gateways, and which sections are new."""

    attempt: str
    gateways: tuple[str, ...]
    wired: bool
    wifi: bool


def on_trial(attempt: NewNetwork, good: Tables) -> OnTrial:
    """Return what the watching service may know of an attempt."""
    new = [name for name in ("wired", "wifi") if attempt.tables.get(name) != good.get(name)]
    gateways = attempt.tables.get("wired", {}).get("gateways", []) if "wired" in new else []
    return OnTrial(attempt.name, tuple(map(str, gateways)), "wired" in new, "wifi" in new)


def record_to_json(record: KeptNetwork) -> bytes:
    """Return a record as it is kept."""
    attempt = record.attempt
    kept = attempt and {"name": attempt.name, "tables": attempt.tables, "text": attempt.text}
    return json.dumps({"good": record.good, "attempt": kept}).encode()


def read_record(file: Path) -> KeptNetwork | None:
    """Return what was kept; None where there is nothing that can be used."""
    try:
        values = json.loads(file.read_bytes())
        attempt = values["attempt"] and NewNetwork(
            str(values["attempt"]["name"]),
            _usable(values["attempt"]["tables"]),
            str(values["attempt"]["text"]),
        )
        return KeptNetwork(_usable(values["good"]), attempt)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ConfigError):
        return None


def _usable(tables: Any) -> Tables:
    """Return tables of which settings can be built. Raises ConfigError and others."""
    config.build(tables)
    return {str(name): dict(table) for name, table in tables.items()}


def read_progress(file: Path) -> TrialProgress | None:
    """Return how far the last trial came; None where nothing can be read."""
    return _read(TrialProgress, file)


def write_progress(progress: TrialProgress, file: Path) -> None:
    """Keep it, whenever the power goes, for the settings to read. Raises OSError."""
    files.write_durable(file, json.dumps(shape.to_json(progress)), 0o644)


def read_on_trial(file: Path) -> OnTrial | None:
    """Return what is to be watched; None where nothing is."""
    return _read(OnTrial, file)


def write_on_trial(trial: OnTrial, file: Path) -> None:
    """Hand on what is to be watched. Raises OSError."""
    files.write_whole(file, json.dumps(shape.to_json(trial)), 0o640)


def _read(kind: type[Kept], file: Path) -> Kept | None:
    try:
        return shape.from_json(kind, json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return None
