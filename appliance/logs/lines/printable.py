# SPDX-License-Identifier: MIT
"""Strangers' text as it may be shown: what nobody can print is written out. Pure.

The interpreter's repr() knows what that is, and takes as long as the text is, whatever it holds.
"""

from __future__ import annotations

_WRITTEN = ((r"\n", r"\x0a"), (r"\r", r"\x0d"), (r"\t", r"\x09"), (r"\'", "'"))
# Stands for a backslash of the text; repr() leaves none in it.
_HELD = "\0"


def printable(text: str) -> str:
    """Write as `\\x07` or `\\u202e` what nobody can print, or what turns the way of writing."""
    if text.isprintable():
        return text
    found = repr(text)[1:-1].replace(r"\\", _HELD)
    for short, plain in _WRITTEN:
        found = found.replace(short, plain)
    return found.replace(_HELD, "\\")
