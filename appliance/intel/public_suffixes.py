# SPDX-License-Identifier: MIT
"""Names below which anybody may have one: no list may take such a name for a bad host.

Source: the Public Suffix List in the form of Debian's package publicsuffix
(https://publicsuffix.org/list/): a rule a line, `*.` for all names below, `!` for an exception.
"""

from __future__ import annotations

import logging
from pathlib import Path

FILE = Path("/usr/share/publicsuffix/public_suffix_list.dat")

log = logging.getLogger(__name__)


class PublicSuffixes:
    """The list, for one question; empty where there is none."""

    def __init__(self, text: str = "") -> None:
        lines = (line.split() for line in text.splitlines() if not line.startswith("//"))
        self._rules = frozenset(_plain(words[0]) for words in lines if words)

    def __contains__(self, name: str) -> bool:
        """Tell whether a name, in small letters, is a public suffix."""
        if f"!{name}" in self._rules:
            return False
        above = name.partition(".")[2]
        return name in self._rules or f"*.{above}" in self._rules


def _plain(rule: str) -> str:
    if rule.isascii():
        return rule.lower()
    labels = rule.lower().split(".")
    return ".".join(_ascii(label) for label in labels)


def _ascii(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def load(file: Path = FILE) -> PublicSuffixes:
    """Return the list; without it, which is logged, names of two labels all pass."""
    try:
        return PublicSuffixes(file.read_text(encoding="utf-8"))
    except OSError as error:
        log.warning("%s: %s; public suffixes are not known", file, error.strerror)
        return PublicSuffixes()
