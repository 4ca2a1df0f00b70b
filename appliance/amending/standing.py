# SPDX-License-Identifier: MIT
"""How each setting stands: the default, the card, the page; and what a form changes of it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from appliance.amending import entries, fields
from appliance.amending.fields import SettingField
from appliance.amending.overlay import PageSetting, PageSettings
from appliance.errors import ConfigError
from appliance.reports.page_settings import PageSettingsReport
from appliance.settings import config


@dataclass(frozen=True)
class SettingStanding:
    """A setting as it stands; `card` and `page` are None where they say nothing of it.

    `wins` names whose value holds, `why` says why another does not. `waits`: it holds from the next
    start on. `error` is what is wrong with `filled_in`.
    """

    field: SettingField
    card: str | None = None
    page: PageSetting | None = None
    wins: str = "default"
    why: str = ""
    waits: bool = False
    error: str = ""
    filled_in: str | None = None

    @property
    def is_changed(self) -> bool:
        """Whether anybody says anything but the default."""
        return self.card is not None or self.page is not None

    @property
    def below(self) -> Any:
        """The value without the page's word."""
        return json.loads(self.card) if self.card else self.field.default

    @property
    def value(self) -> Any:
        """The value that holds, or will from the next start on."""
        return json.loads(self.page.value) if self.page and not self.why else self.below

    @property
    def shown(self) -> str:
        """What stands in the field; of a secret nothing."""
        if self.filled_in is not None and not self.field.is_secret:
            return self.filled_in
        return "" if self.field.is_secret else entries.shown(self.field, self.value)


def standing(
    found: Mapping[str, Sequence[SettingField]],
    report: PageSettingsReport | None,
    page: PageSettings,
) -> dict[str, list[SettingStanding]]:
    """Return how each setting stands, by section."""
    card = {(each.section, each.key): each.value for each in report.card} if report else {}
    unused = {each.id: each.why for each in report.unused} if report else {}
    used = set(report.in_force) if report else set()
    changes = {each.place: each for each in page.entries}
    return {
        section: [_stands(each, card, changes, unused, used) for each in of_section]
        for section, of_section in found.items()
    }


def _stands(
    field: SettingField,
    card: Mapping[tuple[str, str], str],
    changes: Mapping[tuple[str, str], PageSetting],
    unused: Mapping[str, str],
    used: set[str],
) -> SettingStanding:
    change, below = changes.get(field.place), card.get(field.place)
    why = unused.get(change.id, "") if change else ""
    wins = "the card" if below is not None else "default"
    if change is not None and not why:
        wins = "this page"
    waits = change is not None and change.id not in used and not why
    return SettingStanding(field, below, change, wins, why, waits)


def changed(
    stands: Sequence[SettingStanding], form: Mapping[str, str]
) -> tuple[list[PageSetting], list[SettingStanding]]:
    """Return the changes of a section after a form, and the fields with what is wrong.

    There are no changes where anything is wrong. An empty secret is left as it is.
    """
    made, judged = list[PageSetting](), list[SettingStanding]()
    for each in stands:
        text = form.get(each.field.key)
        try:
            entry = each.page if text is None else _entry(each, text)
            made += [entry] if entry else []
            judged.append(replace(each, filled_in=text))
        except ValueError as error:
            judged.append(replace(each, filled_in=text, error=str(error)))
    if not any(each.error for each in judged):
        judged = _judged(judged, made)
    return ([] if any(each.error for each in judged) else made), judged


def _entry(each: SettingStanding, text: str) -> PageSetting | None:
    """Return the change that a field holds; None where it is what holds without the page."""
    if each.field.is_secret and not text.strip():
        return each.page
    before = each.value if each.field.mask else ()
    value = entries.value_of(each.field, text, before)
    if value == each.below and not (each.field.is_secret and each.card is not None):
        return None
    written = json.dumps(value, ensure_ascii=False)
    if each.page is not None and each.page.value == written and not each.why:
        return each.page
    return PageSetting(secrets.token_hex(8), *each.field.place, written)


def _judged(stands: list[SettingStanding], made: Sequence[PageSetting]) -> list[SettingStanding]:
    """Ask the settings themselves, and put their words beside the field they are about."""
    section = stands[0].field.section
    # What the page does not know of secrets is left out.
    table = {each.field.key: each.below for each in stands if not each.field.is_secret}
    table |= {each.key: json.loads(each.value) for each in made}
    try:
        config.build({section: table}, "glovebox.toml")
        return stands
    except ConfigError as error:
        words = str(error).removeprefix(f"glovebox.toml: [{section}] ")
    named = re.match(r"(?:password of .*?|([\w-]+))[ :]", words)
    keys = [each.field.key for each in stands]
    key = named[1] if named and named[1] in keys else _secret_key(stands) if named else keys[0]
    return [replace(e, error=words) if e.field.key == (key or keys[0]) else e for e in stands]


def _secret_key(stands: Sequence[SettingStanding]) -> str:
    return next((each.field.key for each in stands if each.field.is_secret), "")


def download(text: str, stands: Mapping[str, Sequence[SettingStanding]]) -> str:
    """Return all settings as a glovebox.toml that can be put on a card, without secrets."""
    every = [each for section in stands.values() for each in section if each.is_changed]
    hidden = {each.field.place for each in every if _is_hidden(each)}
    values = {e.field.place: entries.toml(e.value) for e in every if not _is_hidden(e)}
    return fields.written(text, values, hidden)


def _is_hidden(each: SettingStanding) -> bool:
    mask = each.field.mask
    return each.field.is_secret or (mask is not None and any(mask(v) != v for v in each.value))
