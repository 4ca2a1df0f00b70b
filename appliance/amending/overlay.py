# SPDX-License-Identifier: MIT
"""The settings that the page changed: kept on DATA, and laid over those of the card at each start.

The later word holds: where the card says something else than when a change was first in force,
the card's file was edited since, and the change is not used any more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from appliance import files, shape
from appliance.errors import ConfigError, GloveboxError
from appliance.reports.page_settings import UnusedSetting
from appliance.settings import config

FOLDER = Path(os.environ.get("GLOVEBOX_PAGE_SETTINGS", "/var/lib/glovebox/page-settings"))
NAME = "settings.json"
MOST, LARGEST_FILE = 200, 1 << 18
# The page's password has a page of its own.
NEVER = frozenset({("web", "password"), ("web", "password_hash")})
EDITED = "the card was edited since, and holds"

Tables = dict[str, dict[str, Any]]


class OverlayError(GloveboxError):
    """The settings of the page cannot be read or kept; the message says why."""


@dataclass(frozen=True, slots=True)
class PageSetting:
    """A change: its number, the place, and the value as JSON."""

    id: str
    section: str
    key: str
    value: str = field(repr=False)

    @property
    def place(self) -> tuple[str, str]:
        """Where it is to be found in the settings."""
        return self.section, self.key


@dataclass(frozen=True, slots=True)
class PageSettings:
    """All changes, and those that the last step replaced or took back."""

    entries: tuple[PageSetting, ...] = ()
    before: tuple[PageSetting, ...] = ()


@dataclass(frozen=True)
class LaidOver:
    """The settings with the changes, which of them are in force, and which are not.

    `seen` says by their numbers what the card said when each was first in force, as digests.
    """

    tables: Tables = field(repr=False)
    in_force: tuple[PageSetting, ...] = ()
    unused: tuple[UnusedSetting, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)


def read(folder: Path) -> PageSettings:
    """Return the changes; none where there is no file. Raises OverlayError."""
    try:
        with (folder / NAME).open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ValueError("the file is too large")
        return shape.from_json(PageSettings, json.loads(content))
    except FileNotFoundError:
        return PageSettings()
    except (OSError, ValueError, RecursionError) as error:
        raise OverlayError("the settings of the page cannot be read") from error


def keep(folder: Path, before: PageSettings, entries: Sequence[PageSetting]) -> None:
    """Write changes in the place of those before. Raises OverlayError."""
    if len(entries) > MOST:
        raise OverlayError(f"{MOST} settings are changed already")
    content = json.dumps(shape.to_json(PageSettings(tuple(entries), before.entries)))
    if len(content) > LARGEST_FILE:
        raise OverlayError("these settings are too long")
    try:
        files.write_durable(folder / NAME, content, 0o640)
    except OSError as error:
        raise OverlayError(f"the settings cannot be kept: {error.strerror}") from error


def lay_over(
    tables: Mapping[str, Mapping[str, Any]],
    entries: Sequence[PageSetting],
    seen: Mapping[str, str],
) -> LaidOver:
    """Lay changes over the settings of the card, each section with all of its changes or none."""
    digests = {each.id: _digest(tables, each) for each in entries}
    edited = [each for each in entries if seen.get(each.id, digests[each.id]) != digests[each.id]]
    kept = {each.id: seen.get(each.id, digests[each.id]) for each in entries}
    laid = LaidOver(
        {name: dict(table) for name, table in tables.items()}, (),
        tuple(UnusedSetting(each.id, EDITED) for each in edited), kept,
    )  # fmt: skip
    for section in dict.fromkeys(each.section for each in entries):
        laid = _with_section(laid, [e for e in entries if e.section == section and e not in edited])
    return laid


def _with_section(laid: LaidOver, entries: Sequence[PageSetting]) -> LaidOver:
    if not entries:
        return laid
    section = entries[0].section
    try:
        table = laid.tables.get(section, {}) | {each.key: _value(each) for each in entries}
        config.build({section: table}, "the page")
    except (ConfigError, ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, ConfigError) else "it cannot be read"
        refused = tuple(UnusedSetting(each.id, why) for each in entries)
        return replace(laid, unused=(*laid.unused, *refused))
    tables = {**laid.tables, section: table}
    return replace(laid, tables=tables, in_force=(*laid.in_force, *entries))


def network_text(entries: Sequence[PageSetting], sections: Sequence[str]) -> str:
    """Return what tells one attempt at network settings from another; empty without any."""
    return "".join(f"{each.id}\n" for each in entries if each.section in sections)


def _value(entry: PageSetting) -> Any:
    if entry.place in NEVER:
        raise ValueError("a password is changed elsewhere")
    return json.loads(entry.value)


def _digest(tables: Mapping[str, Mapping[str, Any]], entry: PageSetting) -> str:
    value = tables.get(entry.section, {}).get(entry.key)
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
