# SPDX-License-Identifier: MIT
"""One command for a router, as a line for its terminal and as words for its API. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.router.routeros import quote

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/,-]*")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A command: `verb` in `menu`, with values; `where` picks the rows by equal fields.

    What has no `where` and is no `add` is about the whole menu.
    """

    menu: str
    verb: str
    values: Pairs = ()
    where: Pairs = ()

    @property
    def line(self) -> str:
        """The command as it is pasted into a terminal: one line, every value as data."""
        parts = [self.menu.replace("/", " ").replace(" ", "/", 1), self.verb]
        if self.where:
            parts.append(f"[find where {_spelled(self.where)}]")
        return " ".join([*parts, *([_spelled(self.values)] if self.values else [])])

    @property
    def path(self) -> str:
        """The command's path in the API."""
        return f"{self.menu}/{self.verb}"

    @property
    def identity(self) -> Pairs:
        """The fields by which the row that an `add` makes is known again."""
        given = dict(self.values)
        for key in ("comment", "name", "dst-address"):
            if key in given:
                return ((key, given[key]),)
        return self.values


def add(menu: str, **values: str) -> Order:
    """Return an `add`; an underscore in a name stands for a hyphen."""
    return Order(menu, "add", _pairs(values))


def change(menu: str, where: Mapping[str, str] | None = None, **values: str) -> Order:
    """Return a `set` of a menu's values, or of those of the rows that fit."""
    return Order(menu, "set", _pairs(values), tuple((where or {}).items()))


def remove(made: Order) -> Order:
    """Return what removes the row that an `add` made."""
    return Order(made.menu, "remove", (), made.identity)


def text(orders: Iterable[Order]) -> str:
    """Return lines for a terminal."""
    return "".join(f"{order.line}\n" for order in orders)


def _pairs(values: Mapping[str, str]) -> Pairs:
    return tuple((key.replace("_", "-"), value) for key, value in values.items())


def _spelled(pairs: Pairs) -> str:
    return " ".join(f"{key}={_value(value)}" for key, value in pairs)


def _value(text: str) -> str:
    # A leading "!" turns a match round; quoted, it would be part of the text.
    turned = text[:1] == "!" and _PLAIN.fullmatch(text[1:])
    return text if turned or _PLAIN.fullmatch(text) else quote(text)
