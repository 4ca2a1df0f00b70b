# SPDX-License-Identifier: MIT
"""Who owns an address: by ranges, nobody's in between, names of strangers as one plain line."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.countries import owner_table
from appliance.countries.owner_table import OwnerTable, cleaned, pack

FOUR = [(0, 0), (0x08080800, 15169), (0x08080900, 0), (0x50800000, 3320), (0x50A00000, 3321)]
SIX = [(0, 0), (0x2A001450 << 32, 15169), (0x2A001451 << 32, 0)]
NAMES = {15169: "GOOGLE", 3320: "Zürich\u202e Telekom\n AG", 3321: "Zürich Telekom AG"}


@pytest.fixture
def table(tmp_path: Path) -> OwnerTable:
    (tmp_path / "owners").write_bytes(pack(FOUR, SIX, NAMES, "2025-03-26"))
    return OwnerTable(tmp_path / "owners")


@pytest.mark.parametrize(
    ("address", "owner"),
    [("8.8.8.0", "GOOGLE"), ("8.8.8.255", "GOOGLE"), ("8.8.9.0", ""), ("8.8.7.255", ""),
     ("80.128.0.1", "Zürich Telekom AG"), ("255.255.255.255", "Zürich Telekom AG"),
     ("2a00:1450::1", "GOOGLE"), ("2a00:1451::", ""), ("::1", "")],
)  # fmt: skip
def test_owners(table: OwnerTable, address: str, owner: str) -> None:
    assert table.find(ip_address(address)) == owner


def test_neighbours_of_one_name_are_one() -> None:
    assert b'"four": 4,' in pack(FOUR, SIX, NAMES, "")
    assert pack([], [], {}, "").startswith(b'{"four": 1, "six": 1, "names": 1')


def test_names_are_one_short_printable_line() -> None:
    hostile = "<b>\x1b[31m" + "\u202e" * 99 + "x\r\n\0y" * 200
    found = cleaned(hostile)
    assert found.isprintable() and len(found) <= owner_table.LONGEST_NAME and "  " not in found


def test_a_table_of_countries_is_none(tmp_path: Path) -> None:
    (tmp_path / "owners").write_bytes(b'{"four": 1, "six": 1, "date": ""}\n' + bytes(16))
    with pytest.raises(ValueError):
        OwnerTable(tmp_path / "owners")
