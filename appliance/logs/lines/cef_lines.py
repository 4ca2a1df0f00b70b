# SPDX-License-Identifier: MIT
"""Lines in ArcSight's Common Event Format, as RouterOS (from 7.18 on) and Cowrie write it. Pure.

`… CEF:0|vendor|product|version|class|name|severity|key=value key=value`: a value goes to the next
` key=`; `=` and `\\` in it are escaped by a backslash.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from appliance.errors import DecodeError

MARK = "CEF:0|"
MOST_KEYS = 64
_KEY = re.compile(r"(?:^| )([A-Za-z0-9_.]{1,32})=", re.ASCII)
_HEADER = re.compile(r"CEF:0\|" + r"((?:[^|\\]|\\.){0,128}+)\|" * 6, re.DOTALL)
# What stands for a backslash while the other escapes are resolved: no text holds it by then.
_HELD = "\0"


class CommonEvent(NamedTuple):
    """One line: `name` holds the topics where RouterOS wrote it, `written` values with escapes."""

    vendor: str
    name: str
    written: dict[str, str]

    @property
    def message(self) -> str:
        """What the line says in words."""
        return self.value("msg")

    def value(self, key: str) -> str:
        """Return a value, "" where the line has none."""
        text = self.written.get(key, "")
        return _plain(text) if "\\" in text else text


def begins(line: str) -> int:
    """Return where one of these begins in a line; -1 where none does."""
    return line.find(MARK)


def parse(line: str) -> CommonEvent:
    """Return what a line holds. Raises DecodeError."""
    found = _HEADER.match(line, max(begins(line), 0))
    if found is None:
        raise DecodeError("no line of CEF")
    return CommonEvent(found[1], found[5], _values(line[found.end() :].strip("\r\n\0 ")))


def _values(text: str) -> dict[str, str]:
    _, *parts = _KEY.split(text, MOST_KEYS + 1)
    keys, values = parts[::2], parts[1::2]
    if len(keys) > MOST_KEYS:
        raise DecodeError("too many keys")
    return dict(zip(keys, values, strict=True))


def _plain(text: str) -> str:
    held = text.replace(_HELD, "?").replace(r"\\", _HELD)
    for escaped, plain in ((r"\=", "="), (r"\|", "|"), (r"\n", "\n"), (r"\r", "\r")):
        held = held.replace(escaped, plain)
    return held.replace(_HELD, "\\")
