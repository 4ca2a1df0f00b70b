# SPDX-License-Identifier: MIT
"""The command tree of RouterOS by version: which command knows which argument."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import SHARED_DATA

DATA = SHARED_DATA / "routeros"
# What every command of the API takes beside its own arguments.
OF_THE_API = frozenset((".id", ".proplist", ".query", "numbers"))


class Trap(Exception):
    """What RouterOS says when it refuses; `category` is that of the API's !trap."""

    def __init__(self, message: str, category: int = 0) -> None:
        super().__init__(message)
        self.message, self.category = message, category


@dataclass(frozen=True)
class Schema:
    """The tree as one version of RouterOS has it. Every method raises Trap."""

    version: str
    tree: Mapping[str, Any]

    def menus(self) -> frozenset[str]:
        return _menus(self.version)

    def is_menu(self, path: str) -> bool:
        """Tell whether a path is a menu, or leads to one."""
        return path in _places(self.version)

    def command(self, path: str, name: str) -> Mapping[str, Any]:
        menu = self.tree["menus"].get(path)
        if menu is None or not self._has(menu):
            raise Trap("no such command prefix")
        found = menu["commands"].get(name)
        if found is None or not self._has(found):
            raise Trap("no such command")
        return dict(found)

    def check(self, path: str, name: str, values: Mapping[str, str]) -> None:
        """Accept a command of the API as a router of this version does."""
        known = self.command(path, name)
        for key, value in values.items():
            if key in OF_THE_API:
                continue
            argument = known["args"].get(key)
            if argument is None or not self._has(argument):
                raise Trap(f"unknown parameter {key}")
            _check_words(key, value, argument)
        self._check_required(known, values)

    def since(self, path: str, name: str, keys: list[str]) -> bool:
        """Tell whether this version knows the command with these arguments."""
        try:
            args = self.command(path, name)["args"]
        except Trap:
            return False
        return all(key in args and self._has(args[key]) for key in keys)

    def _check_required(self, known: Mapping[str, Any], values: Mapping[str, str]) -> None:
        required = known.get("required", [])
        if isinstance(required, dict):
            required = list(required.values())[-1]
        absent = [key for key in required if key not in values]
        if absent and str(known.get("without", "")).startswith("missing"):
            raise Trap(f"missing value(s) of argument(s) {' '.join(absent)}")

    def _has(self, part: Mapping[str, Any]) -> bool:
        at = number(self.version)
        since, until = part.get("since"), part.get("until")
        return (since is None or number(since) <= at) and (until is None or at <= number(until))


def _check_words(key: str, value: str, argument: Mapping[str, Any]) -> None:
    allowed = argument.get("values")
    if allowed and not argument.get("open"):
        given = {word.lstrip("!") for word in value.split(",")}
        if not given <= set(allowed):
            raise Trap(f"input does not match any value of {key}", 1)


def number(version: str) -> tuple[int, ...]:
    """Return a version so that versions compare."""
    return tuple(map(int, re.findall(r"\d+", version.partition(" ")[0])))


@functools.cache
def tree(folder: Path = DATA) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "ros-schema.json").read_text())
    return found


@functools.cache
def defaults(folder: Path = DATA) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / "ros-defaults.json").read_text())
    return found


@functools.cache
def _menus(version: str) -> frozenset[str]:
    found = schema(version)
    return frozenset(path for path, menu in found.tree["menus"].items() if found._has(menu))


@functools.cache
def _places(version: str) -> frozenset[str]:
    parts = [path.split("/") for path in _menus(version)]
    return frozenset("/".join(each[:end]) for each in parts for end in range(2, len(each) + 1))


@functools.cache
def schema(version: str) -> Schema:
    return Schema(version, tree())


def versions() -> list[str]:
    return list(tree()["versions"])
