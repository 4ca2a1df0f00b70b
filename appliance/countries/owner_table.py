# SPDX-License-Identifier: MIT
"""Who announces which addresses (the owner of an autonomous system): the file that the build makes.

As address_columns says, with values u32: numbers of names. Behind them stand where each name
begins and the last one ends (u32), and the names in UTF-8. Name 0 is nobody's.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from appliance.countries.address_columns import OWNERS, AddressColumns

LONGEST_NAME = 60


class OwnerTable:
    """What the file holds. Raises OSError, and ValueError for what is none."""

    def __init__(self, file: Path = OWNERS) -> None:
        self._columns = AddressColumns(file, "I")
        count = int(self._columns.facts.get("names", 0))
        self._begins = self._columns.column("I", count + 1)
        self._names = self._columns.rest

    def find(self, address: IPv4Address | IPv6Address) -> str:
        """Return the owner's name, empty where none is known."""
        number = self._columns.find(address)
        if number + 1 >= len(self._begins):
            return ""
        begin, end = self._begins[number], self._begins[number + 1]
        return bytes(self._names[begin:end]).decode("utf-8", "replace")


def pack(
    four: Iterable[tuple[int, int]], six: Iterable[tuple[int, int]], names: Mapping[int, str],
    date: str,
) -> bytes:  # fmt: skip
    """Make the file of where each system's addresses begin, in order, and of names by system."""
    rows = [_named(each, names) for each in (four, six)]
    used = sorted({name for part in rows for _, name in part} - {""})
    numbers = {name: number for number, name in enumerate(["", *used])}
    begins, end = [0], 0
    for name in ["", *used]:
        end += len(name.encode())
        begins.append(end)
    head = {"four": len(rows[0]), "six": len(rows[1]), "names": len(used) + 1, "date": date}
    parts = [json.dumps(head).encode() + b"\n"]
    for kind, part in zip("IQ", rows, strict=True):
        parts += [struct.pack(f"<{len(part)}{kind}", *(first for first, _ in part)),
                  struct.pack(f"<{len(part)}I", *(numbers[name] for _, name in part))]  # fmt: skip
    parts += [struct.pack(f"<{len(begins)}I", *begins), "".join(used).encode()]
    return b"".join(parts)


def _named(rows: Iterable[tuple[int, int]], names: Mapping[int, str]) -> list[tuple[int, str]]:
    """Return where each owner begins: neighbours of one name are one."""
    found: list[tuple[int, str]] = []
    for first, system in rows:
        name = cleaned(names.get(system, ""))
        if not found or found[-1][1] != name:
            found.append((first, name))
    return found or [(0, "")]


def cleaned(name: str) -> str:
    """Return a name as one printable line: whoever registers a system writes it."""
    plain = "".join(each if each.isprintable() else " " for each in name[: 4 * LONGEST_NAME])
    return " ".join(plain.split())[:LONGEST_NAME]
