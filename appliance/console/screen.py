# SPDX-License-Identifier: MIT
"""What came over a line, kept in a ring, and made plain text. Pure."""

from __future__ import annotations

import base64
import re

#: Bytes that are kept.
SIZE = 65536
# Colours, cursor, titles (ECMA-48, 5.4 and 5.6); cut off ones too, at the end.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]?|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?"
)


class Ring:
    """The newest SIZE bytes; `total` counts all that came."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self.total = 0

    def add(self, content: bytes) -> None:
        """Take what came."""
        self.total += len(content)
        self._kept += content
        del self._kept[:-SIZE]

    def came(self) -> str:
        """Return what is kept, in base64."""
        return base64.b64encode(self._kept).decode()


def plain(content: bytes) -> str:
    """Return terminal output as lines of printable text: no escapes, backspaces done."""
    text = _ESCAPES.sub("", content.decode("utf-8", "replace")).replace("\r\n", "\n")
    lines = (_line(line) for line in text.split("\n"))
    return "\n".join(lines)


def _line(line: str) -> str:
    # What follows a lone carriage return is written over the line.
    found: list[str] = []
    for sign in line.rstrip("\r").rpartition("\r")[2]:
        if sign == "\b":
            del found[-1:]
        elif sign == "\t":
            found.append(" ")
        elif sign.isprintable():
            found.append(sign)
    return "".join(found)
