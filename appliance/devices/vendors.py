# SPDX-License-Identifier: MIT
"""Who made a device, by its MAC address: IEEE's public register, as Debian's udev brings it.

The file has a line `OUI:AABBCC*` and a line ` ID_OUI_FROM_DATABASE=Maker` for each block of
addresses, which has 6, 7 or 9 digits (hwdb(7)); the blocks are in order. It is searched where it
lies, in the page cache.
"""

from __future__ import annotations

import mmap
import re
from functools import lru_cache
from pathlib import Path

DATABASE = Path("/usr/lib/udev/hwdb.d/20-OUI.hwdb")
LONGEST = 60
_DIGITS = (9, 7, 6)
_VALUE = b"\n ID_OUI_FROM_DATABASE="
_STATION = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.ASCII)


def is_station(text: str) -> bool:
    """Tell whether a text is a MAC address as we write it: aa:bb:cc:dd:ee:ff."""
    return bool(_STATION.fullmatch(text))


def is_private(station: str) -> bool:
    """Tell whether a device made its MAC address up, as phones do for each network."""
    return is_station(station) and bool(int(station[:2], 16) & 2)


@lru_cache(4096)
def vendor(station: str, database: Path = DATABASE) -> str:
    """Return the maker of `aa:bb:cc:dd:ee:ff`; empty where it is not known, or made up."""
    if not is_station(station) or is_private(station):
        return ""
    digits = station.replace(":", "").upper()
    try:
        with (
            database.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            return next(filter(None, (_find(content, digits[:n]) for n in _DIGITS)), "")
    except (OSError, ValueError):
        return ""


def _find(content: mmap.mmap, block: str) -> str:
    wanted = f"OUI:{block}*".encode()
    low, high = 0, len(content)
    while low < high:
        middle = (low + high) // 2
        begin = content.find(b"\nOUI:", middle) + 1
        if not 0 < begin <= high:
            high = middle
            continue
        line = content[begin : content.find(b"\n", begin)]
        if line == wanted:
            return _value(content, begin + len(line))
        low, high = (begin, high) if line < wanted else (low, middle)
    return ""


def _value(content: mmap.mmap, begin: int) -> str:
    if content[begin : begin + len(_VALUE)] != _VALUE:
        return ""
    begin += len(_VALUE)
    text = content[begin : content.find(b"\n", begin)].decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable())[:LONGEST]
