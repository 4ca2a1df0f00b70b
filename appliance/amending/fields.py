# SPDX-License-Identifier: MIT
"""Every setting as a field of a form, from the dataclasses and the comments of glovebox.toml."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from appliance.amending.overlay import NEVER
from appliance.settings import config, plan, tables

# What the image brings; while developing, what it is made of.
TEMPLATES = (config.SHIPPED, Path(__file__).parents[2] / "config" / "glovebox.toml")
TRUTH, CHOICE, NUMBER, TEXT, LINES, TOML = "truth", "choice", "number", "text", "lines", "toml"
_HEADER, _KEY = re.compile(r"\[([\w-]+)\]"), re.compile(r"([\w-]+) = ")


@dataclass(frozen=True)
class SettingField:
    """A setting: what is said of it, how it is filled in, and its default.

    `kind` is one of the words above: TOML is for lists of tables. `is_number` is of LINES, and so
    is `mask`: it says how a line is shown of which not all may be seen.
    """

    section: str
    key: str
    words: str
    kind: str
    default: Any = field(repr=False)
    choices: Sequence[str] = ()
    is_secret: bool = False
    is_number: bool = False
    mask: Callable[[str], str] | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Where it is to be found in the settings."""
        return self.section, self.key

    @property
    def id(self) -> str:
        """What names it in the page."""
        return f"{self.section}-{self.key}"


def template() -> str:
    """Return glovebox.toml as the image brings it, with every setting and its comment."""
    file = next(each for each in TEMPLATES if each.exists())
    return file.read_text(encoding="utf-8")


def fields(text: str) -> dict[str, list[SettingField]]:
    """Return the fields by section, in the order of the file, without those of other pages."""
    defaults = tables.parse(text.encode(), "glovebox.toml")
    comments = dict(_comments(text))
    hints = typing.get_type_hints(config.Config)
    return {
        section: [
            _field(section, key, comments.get((section, key), ""), value, hints[section])
            for key, value in table.items()
            if (section, key) not in NEVER
        ]
        for section, table in defaults.items()
    }


def _comments(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    section, words = "", list[str]()
    for line in text.splitlines():
        if line.startswith("# "):
            words.append(line[2:])
            continue
        if found := _HEADER.match(line):
            section = found[1]
        elif found := _KEY.match(line):
            yield (section, found[1]), " ".join(words)
        words = []


def _field(section: str, key: str, words: str, default: Any, kind: type[Any]) -> SettingField:
    hint = typing.get_type_hints(kind)[key]
    inner = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None
    secret = key in plan.secrets_of(section)
    made = SettingField(section, key, words, TEXT, default, is_secret=secret, mask=_mask(kind, key))
    if inner is not None:
        kind_ = TOML if dataclasses.is_dataclass(inner) else LINES
        return dataclasses.replace(made, kind=kind_, is_number=inner is int)
    if typing.get_origin(hint) is Literal:
        return dataclasses.replace(made, kind=CHOICE, choices=typing.get_args(hint))
    return dataclasses.replace(made, kind={bool: TRUTH, int: NUMBER}.get(hint, TEXT))


def _mask(kind: type[Any], key: str) -> Callable[[str], str] | None:
    found = {each.name: each for each in dataclasses.fields(kind)}
    mask: Callable[[str], str] | None = found[key].metadata.get("shown")
    return mask


def written(text: str, values: Mapping[tuple[str, str], str], hidden: set[tuple[str, str]]) -> str:
    """Return the file with `values` as TOML in the place of defaults.

    A secret that is set somewhere is `hidden`: a remark says so, and its line is the default's.
    """
    section, lines = "", list[str]()
    for line in text.splitlines():
        if found := _HEADER.match(line):
            section = found[1]
        found = _KEY.match(line)
        place = (section, found[1]) if found else ("", "")
        if place in hidden:
            lines.append("# It is set, and not shown here: write it anew to keep it.")
        lines.append(f"{place[1]} = {values[place]}" if place in values else line)
    return "\n".join(lines) + "\n"
