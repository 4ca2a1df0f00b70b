# SPDX-License-Identifier: MIT
"""A table of addresses, looked into one at a time; the kernel maps the file, none of it is copied.

The file: a line of JSON (`four`, `six`: counts), then little-endian columns: first addresses of
IPv4 (u32), a value for each; first upper halves of IPv6 (u64), a value for each; then other things.
"""

from __future__ import annotations

import json
import mmap
from bisect import bisect_right
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from struct import calcsize
from typing import Any, Literal

FOLDER = Path("/usr/share/glovebox")
FILES = COUNTRIES, OWNERS = FOLDER / "countries", FOLDER / "owners"
_LONGEST_HEAD = 1024
Kind = Literal["H", "I", "Q"]


class AddressColumns:
    """A file whose values are u16 ("H") or u32 ("I"). Raises OSError, ValueError for none.

    `facts` is its line of JSON, `rest` what stands behind the columns.
    """

    def __init__(self, file: Path, kind: Kind) -> None:
        with file.open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        end = mapped.find(b"\n", 0, _LONGEST_HEAD)
        self.facts: dict[str, Any] = json.loads(mapped[: max(0, end)])
        self._memory, self._at = memoryview(mapped), end + 1
        try:
            four, six = int(self.facts["four"]), int(self.facts["six"])
        except (KeyError, TypeError) as error:
            raise ValueError("no table of addresses") from error
        if four < 1 or six < 1:
            raise ValueError("no table of addresses")
        self._first4, self._value4 = self.column("I", four), self.column(kind, four)
        self._first6, self._value6 = self.column("Q", six), self.column(kind, six)

    def column(self, kind: Kind, count: int) -> memoryview[int]:
        """Return the next column of the file. Raises ValueError where it is cut off."""
        end = self._at + count * calcsize(f"={kind}")
        if end > len(self._memory):
            raise ValueError("the table is cut off")
        found, self._at = self._memory[self._at : end], end
        return found.cast(kind)

    @property
    def rest(self) -> memoryview:
        """What stands behind the columns that were taken."""
        return self._memory[self._at :]

    def find(self, address: IPv4Address | IPv6Address) -> int:
        """Return the value of an address, 0 before the first."""
        if isinstance(address, IPv4Address):
            return _value(self._first4, self._value4, int(address))
        return _value(self._first6, self._value6, int(address) >> 64)


def _value(firsts: memoryview[int], values: memoryview[int], wanted: int) -> int:
    at = bisect_right(firsts, wanted) - 1
    return int(values[at]) if at >= 0 else 0
