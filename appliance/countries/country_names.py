# SPDX-License-Identifier: MIT
"""Codes of countries in words: ISO 3166's as tzdata has them, and classes of addresses."""

from __future__ import annotations

import functools
from pathlib import Path

FILE = Path("/usr/share/zoneinfo/iso3166.tab")
CLASSES = {
    "hm": "your own networks",
    "lo": "private addresses",
    "mc": "multicast",
    "cg": "a carrier's NAT",
    "rs": "reserved addresses",
    "": "not known",
}


def name(letters: str) -> str:
    """Return a country's name, what class of address it is, or the code itself."""
    return CLASSES.get(letters) or _names().get(letters, letters)


@functools.cache
def _names() -> dict[str, str]:
    try:
        lines = FILE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {row[0]: row[1] for row in rows if len(row) == 2}
