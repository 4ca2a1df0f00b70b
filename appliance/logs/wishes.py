# SPDX-License-Identifier: MIT
"""What the page asks of the service of the logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.logs.day_files import PARTS
from appliance.requests import Inbox


@dataclass(frozen=True, slots=True)
class DayWish:
    """A day whose events are to be deleted, as 2026-11-30."""

    day: str


def inbox(folder: Path = PARTS) -> Inbox[DayWish]:
    """Return where the page asks for a day to be deleted."""
    return Inbox(folder / "wishes", DayWish)
