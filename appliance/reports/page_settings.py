# SPDX-License-Identifier: MIT
"""What became of the settings of the page at the last start, and what the card says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class CardSetting:
    """A setting that the card gives: `value` as JSON, empty for a secret."""

    section: str
    key: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class UnusedSetting:
    """A setting of the page, by its number, that is not in force, and why."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class PageSettingsReport(StatusFile):
    """At the start at `updated` (since the epoch): the numbers of those in force, and the rest."""

    NAME: ClassVar[str] = "page-settings"

    updated: float
    in_force: tuple[str, ...] = ()
    unused: tuple[UnusedSetting, ...] = ()
    card: tuple[CardSetting, ...] = ()
    trouble: str = ""
