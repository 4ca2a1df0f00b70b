# SPDX-License-Identifier: MIT
"""Strangers' text on its way out: one line of plain letters that no program takes for more. Pure.

An attacker writes part of what alerts say, and messengers make links, commands and mentions of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

LONGEST = 200
# What Markdown, HTML and messengers read as more than a sign.
_MARKUP = re.compile(r"(?:[<>`*|~\\]|\[(?!\.\])|(?<!\[\.)\])+")
_SCHEME = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,20}):/+")
# Messengers link a bare name, too. Addresses stay as they are: they are what the owner needs.
_NAME = re.compile(r"(?<=[A-Za-z0-9_-])\.(?=[A-Za-z]{2,})")
_SPACES = re.compile(r"\s+")
# What is looked at: more never comes out, and the patterns cost time.
_MOST_READ = 4 * LONGEST


def cleaned(text: str, longest: int = LONGEST) -> str:
    """Return `text` as one printable line of at most `longest` characters, without links."""
    kept = "".join(each if _is_plain(each) else " " for each in text[:_MOST_READ])
    kept = _SCHEME.sub(r"\1: ", _MARKUP.sub(" ", kept)).replace("@", "(at)")
    kept = _SPACES.sub(" ", _NAME.sub("[.]", kept)).strip()
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def within(text: str, most: int, size: Callable[[str], int] = len) -> str:
    """Return `text` with as many of its lines as fit into `most`, and a sign where it is cut.

    Whoever gets more than it takes refuses all of it, and would do so each time.
    """
    if size(text) <= most:
        return text
    left, kept = most - size("\n…"), list[str]()
    for line in text.split("\n"):
        left -= size(f"{line}\n")
        if left < 0:
            break
        kept.append(line)
    return "\n".join([*kept, "…"]) if kept else text[: most // 4]


def bytes_of(text: str) -> int:
    """Return how many bytes of UTF-8 a text takes."""
    return len(text.encode("utf-8", "replace"))


def units_of(text: str) -> int:
    """Return how many units of UTF-16 a text takes: what Telegram counts."""
    return len(text.encode("utf-16-le", "replace")) // 2


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without any of `secrets`, the longest first; short ones are no secrets."""
    for secret in sorted({each for each in secrets if len(each) >= 4}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _is_plain(character: str) -> bool:
    # Marks (M…) pile up on a letter without end; isprintable() refuses signs that turn the text.
    return character.isprintable() and not unicodedata.category(character).startswith("M")
