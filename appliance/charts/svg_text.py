# SPDX-License-Identifier: MIT
"""Strangers' text in a picture: no part of it is what XML does not take. Pure."""

from __future__ import annotations

import unicodedata
from html import escape

LONGEST = 40
# Controls, what has no shape (among it what turns the direction of writing), and halves of pairs.
_LEFT_OUT = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))


def label(text: str, longest: int = LONGEST) -> str:
    """Return a text as it stands in SVG: cut, without what cannot be seen, escaped."""
    return escape(visible(text, longest))


def visible(text: str, longest: int = LONGEST) -> str:
    """Return a text cut, with a question mark for each sign that cannot be seen."""
    cut = text[:longest] + ("…" if len(text) > longest else "")
    return "".join("?" if unicodedata.category(each) in _LEFT_OUT else each for each in cut)
