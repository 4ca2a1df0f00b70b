# SPDX-License-Identifier: MIT
"""From where an address of the Internet is: its country, and who owns it, for people to read."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from appliance.countries import country_names
from appliance.countries.address_columns import COUNTRIES, OWNERS, AddressColumns
from appliance.countries.owner_table import OwnerTable
from appliance.formats import plain_address

# A page shows some hundred addresses, many of them again and again.
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Origin:
    """`country` in words, `letters` its code, `owner` who announces it; empty: not known."""

    letters: str = ""
    country: str = ""
    owner: str = ""


class Origins:
    """The tables of this image; where it has none, nothing is known. Several threads may use it."""

    def __init__(self, countries: Path = COUNTRIES, owners: Path = OWNERS) -> None:
        self._countries, self._owners = _countries(countries), _owners(owners)
        self.of = functools.lru_cache(_REMEMBERED)(self._of)

    def _of(self, text: str) -> Origin:
        """Return the origin of an address, or of a network by its first address."""
        found = plain_address.read(text.partition("/")[0])
        # What is private, reserved or for many is nobody's, whatever a table says.
        if found is None or not found.is_global or found.is_multicast:
            return Origin()
        code = self._countries.find(found) if self._countries else 0
        letters = chr(code >> 8) + chr(code & 255) if code else ""
        owner = self._owners.find(found) if self._owners else ""
        return Origin(letters, country_names.name(letters) if letters else "", owner)


def _countries(file: Path) -> AddressColumns | None:
    try:
        return AddressColumns(file, "H")
    except (OSError, ValueError):
        return None


def _owners(file: Path) -> OwnerTable | None:
    try:
        return OwnerTable(file)
    except (OSError, ValueError):
        return None
