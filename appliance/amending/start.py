# SPDX-License-Identifier: MIT
"""At each start the page's settings are laid over those of the card, and it is told what holds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.amending import overlay
from appliance.amending.overlay import EDITED, LaidOver, OverlayError, PageSetting, Tables
from appliance.reports.page_settings import CardSetting, PageSettingsReport

# What the card said when each change was first in force, beside the card's own settings.
RECORD = "page-settings.json"


@dataclass(frozen=True)
class StartedWith:
    """The settings with the page's changes, those that are in force, and what to correct."""

    tables: Tables = field(repr=False)
    report: PageSettingsReport
    entries: tuple[PageSetting, ...] = ()
    problems: tuple[str, ...] = ()


def lay_over_card(
    card: Mapping[str, Mapping[str, Any]],
    public: Mapping[str, Mapping[str, Any]],
    folder: Path,
    record: Path,
    keep: Callable[[bytes], bool],
) -> StartedWith:
    """Return the settings of the card with those of the page; `public` are the card's, unsecret.

    `keep` brings the record to DATA. Where it cannot, the changes hold all the same.
    """
    told = tuple(
        CardSetting(section, key, json.dumps(public[section][key]) if key in known else "")
        for section, table in card.items()
        for known in [public.get(section, {})]
        for key in table
    )
    try:
        entries = overlay.read(folder).entries
    except OverlayError as error:
        report = PageSettingsReport(time.time(), card=told, trouble=str(error))
        return StartedWith(dict(map(_own, card.items())), report, problems=(str(error),))
    before = _read(record)
    laid = overlay.lay_over(card, entries, before)
    if laid.seen != before:
        keep(json.dumps(laid.seen).encode())
    used = tuple(each.id for each in laid.in_force)
    report = PageSettingsReport(time.time(), used, laid.unused, told)
    return StartedWith(laid.tables, report, laid.in_force, _problems(laid))


def _own(item: tuple[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    return item[0], dict(item[1])


def _problems(laid: LaidOver) -> tuple[str, ...]:
    """Return what the owner should correct: each complaint once."""
    return tuple(dict.fromkeys(each.why for each in laid.unused if each.why != EDITED))


def _read(record: Path) -> dict[str, str]:
    try:
        found = json.loads(record.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
