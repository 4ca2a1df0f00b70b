# SPDX-License-Identifier: MIT
"""What of an owner's file can be used, section by section, and what is wrong with the rest. Pure.

The card and `glovebox config check` on a PC ask here, so they say the same.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import ConfigError
from appliance.settings import config, tomlwords
from appliance.settings.findings import Tables, merged

HEADER = re.compile(r"\ufeff?[ \t]*\[\[?[ \t]*([\w-]+)[\w.\- \t]*\]\]?[ \t]*(?:#.*)?\r?")
# Lists of which each part is good by itself.
LISTS = {("ssh", "keys"), ("capture", "routers")}
# What keeps others out. Where the rest of its section is wrong, it holds by itself.
GUARDS = {
    "web": ("password", "password_hash", "api_token"),
    "ssh": ("keys",),
    "capture": ("routers",),
    "dhcp": ("profile",),
}
# Where the owner named routers and none of them is right: none may send.
NOBODY = ["127.0.0.1"]
MOST = 50  # problems of one file
MOST_ITEMS = 1000  # parts of a list that are looked at one by one
LONGEST_HEADER = 200  # characters


@dataclass(frozen=True)
class Examined:
    """The sections that are right, as they stand; of those that are wrong, what guards.

    `whole` tells whether nothing is wrong. `wrong` has the names of the sections that are.
    """

    tables: Tables = field(default_factory=dict, repr=False)
    guards: Tables = field(default_factory=dict, repr=False)
    problems: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Chunk:
    """The lines of one section: its name, the number of its first line, and the text."""

    name: str
    line: int
    text: str = field(repr=False)


def examine(content: bytes, file: str, below: Mapping[str, Any]) -> Examined:
    """Judge each section of a file that is laid over `below`. Never raises."""
    try:
        text = tomlwords.decoded(content, file)
    except ConfigError as error:
        return Examined(problems=(str(error),), wrong=frozenset({""}))
    found = _Examination(file, text, below)
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError):
        tables = found.by_chunks()
    for name, table in tables.items():
        found.section(name, table)
    return found.result()


def chunks(text: str) -> Iterator[Chunk]:
    """Split a text at the lines that begin a section; what is before the first one has no name."""
    name, first = "", 1
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        header = HEADER.fullmatch(line) if len(line) <= LONGEST_HEADER else None
        # Parts of a section, [a.b] and [[a.b]], stay with it; [a] again is a second one.
        part = "." in line.partition("#")[0] or line.lstrip().startswith("[[")
        if header and not (part and header[1] == name):
            if lines:
                yield Chunk(name, first, "\n".join(lines))
            name, first, lines = header[1], number, []
        lines.append(line)
    yield Chunk(name, first, "\n".join(lines))


class _Examination:
    """Collects what is right and what is wrong of one file."""

    def __init__(self, file: str, text: str, below: Mapping[str, Any]) -> None:
        self._file, self._below = file, below
        self._chunks = list(chunks(text))
        self._right: Tables = {}
        self._guards: Tables = {}
        self._problems: list[str] = []
        self._wrong: set[str] = set()

    def result(self) -> Examined:
        problems = self._problems[:MOST]
        if len(self._problems) > MOST:
            problems.append(f"{self._file}: and {len(self._problems) - MOST} more")
        return Examined(self._right, self._guards, tuple(problems), frozenset(self._wrong))

    def by_chunks(self) -> dict[str, Any]:
        """Return the tables of the sections that can be read; tell of the others."""
        tables: dict[str, Any] = {}
        for chunk in self._chunks:
            try:
                found = tomllib.loads(chunk.text)
            except (ValueError, RecursionError) as error:
                self._unreadable(chunk, tomlwords.explained(chunk.text, error, chunk.line))
                continue
            if found.keys() & tables.keys():
                words = f"line {chunk.line}: [{chunk.name}] stands there twice; keep one of them"
                self._unreadable(chunk, words)
            tables |= {name: table for name, table in found.items() if name not in tables}
        return {name: table for name, table in tables.items() if name not in self._wrong}

    def _unreadable(self, chunk: Chunk, words: str) -> None:
        self._problems.append(f"{self._file}: {words}")
        self._wrong.add(chunk.name)
        if re.search(r"(?m)^[ \t]*routers[ \t]*=", chunk.text) and chunk.name == "capture":
            self._guards["capture"] = {"routers": NOBODY}

    def section(self, name: str, table: Any) -> None:
        """Take a section, or tell what is wrong with it and take what guards."""
        error = self._objection(name, table)
        if error is None:
            self._right[name] = dict(table)
            return
        self._wrong.add(name)
        self._tell(name, error)
        if isinstance(table, dict) and name in config.SECTIONS:
            good = self._without_wrong(name, table, error)
            # What is empty guards nothing; but no key means that nobody logs in.
            named = [key for key in GUARDS.get(name, ()) if good.get(key) or key == "keys"]
            guards = {key: good[key] for key in named if key in good}
            if guards and self._objection(name, guards) is None:
                self._guards[name] = guards

    def _objection(self, name: str, table: Any) -> str | None:
        try:
            config.build({name: table}, self._file)
            config.build(merged(self._below, {name: table}), self._file)
        except ConfigError as error:
            return str(error)
        return None

    def _without_wrong(self, name: str, table: dict[str, Any], first: str) -> dict[str, Any]:
        """Return the keys that are right, each by itself; tell of the others but for the first."""
        good: dict[str, Any] = {}
        for key, value in table.items():
            error = self._objection(name, {**good, key: value})
            if error is None:
                good[key] = value
                continue
            if len(self._problems) > MOST:
                break
            # Of addresses that are wrong, what goes with them is not wrong by itself.
            if error != first and name != "wired":
                self._tell(name, error)
            if (name, key) in LISTS:
                items = value[:MOST_ITEMS] if isinstance(value, list) else []
                right = [item for item in items if self._objection(name, {key: [item]}) is None]
                good[key] = right if right or key == "keys" else NOBODY
        return good

    def _tell(self, name: str, error: str) -> None:
        if len(self._problems) > MOST:
            self._problems.append(error)
            return
        found = re.match(r".*?: \[[\w-]+\] ([\w-]+)( of '.*':)?[ :]", error)
        # "password of 'Home'" stands in the list of networks.
        key = "" if found is None else "networks" if found[2] else found[1]
        line = _line_of(self._chunks, name, key)
        self._problems.append(f"{error} (line {line})" if line else error)


def _line_of(parts: Sequence[Chunk], section: str, key: str) -> int | None:
    """Return the number of the line where a key of a section stands; else where that begins."""
    for chunk in parts:
        if chunk.name == section:
            # At the start of a line, or within a table { … }.
            word = rf"[\"']?{re.escape(key)}[\"']?[ \t]*="
            named = re.search(rf"(?m)^[ \t]*{word}", chunk.text)
            named = named or re.search(rf"(?m)[{{,]\s*{word}", chunk.text)
            before = chunk.text[: named.end()].count("\n") if key and named else 0
            return chunk.line + before
    return None
