# SPDX-License-Identifier: MIT
"""Which rule sets the owner chose: in the settings, and on the page, which keeps them on DATA."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import files
from appliance.errors import DecodeError
from appliance.formats.list_sources import ListSource
from appliance.settings.config import Config
from appliance.settings.sections.rules import MOST_SETS, RULE_SETS, rule_set_of

CHOSEN = "chosen.json"


@dataclass(frozen=True, slots=True)
class ChosenSet:
    """A set that is chosen, and whether that was on the page; `source` is None where there is
    nothing of it for this engine.
    """

    text: str
    page: bool
    source: ListSource | None


def read(folder: Path) -> tuple[str, ...]:
    """Return what was chosen on the page; only sets that are known by name."""
    try:
        found = json.loads((folder / CHOSEN).read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    names = found if isinstance(found, list) else []
    return tuple(name for name in RULE_SETS if name in names)


def is_decided(folder: Path) -> bool:
    """Tell whether the owner has chosen or declined something on the page."""
    return (folder / CHOSEN).exists()


def choose(folder: Path, name: str, wanted: bool) -> None:
    """Note that the owner wants a set, or no more; of no name: that he has decided.

    Raises OSError; KeyError for an unknown one.
    """
    if name and name not in RULE_SETS:
        raise KeyError(name)
    before = set(read(folder))
    now = before | {name} if name and wanted else before - {name}
    files.write_durable(folder / CHOSEN, json.dumps(sorted(now)), 0o640)


def chosen(settings: Config, folder: Path) -> Sequence[ChosenSet]:
    """Return what is chosen in the settings and on the page, each once."""
    texts = dict.fromkeys(settings.rules.sources, False)
    for name in read(folder):
        texts.setdefault(name, True)
    return [_one(text, page, settings.ids.engine) for text, page in [*texts.items()][:MOST_SETS]]


def _one(text: str, page: bool, engine: str) -> ChosenSet:
    try:
        return ChosenSet(text, page, rule_set_of(text, engine))
    except DecodeError:
        return ChosenSet(text, page, None)
