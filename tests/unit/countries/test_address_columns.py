# SPDX-License-Identifier: MIT
"""One address at a time says what many at once say, and what is no table is refused."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.countries.address_columns import AddressColumns
from appliance.countries.country_table import CountryTable, pack
from appliance.flows.records import halves
from tests.unit.countries.test_country_table import FOUR, SIX

CONTENT = pack(FOUR, SIX, "")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("table") / "countries"
    made.write_bytes(CONTENT)
    return made


@given(st.ip_addresses())
def test_it_says_what_the_table_of_many_says(file: Path, address: object) -> None:
    found = ip_address(str(address))
    high, low = np.array([halves(found)], np.uint64).T
    many = int(CountryTable(CONTENT).find(high, low)[0])
    # Small letters are classes, which the file does not hold.
    if not chr(many >> 8).islower():
        assert AddressColumns(file, "H").find(found) == many


@pytest.mark.parametrize("text", ["1.0.0.0", "1.0.1.0", "1.0.4.0", "8.8.8.8", "2001:200::1"])
def test_edges(file: Path, text: str) -> None:
    found = ip_address(text)
    high, low = np.array([halves(found)], np.uint64).T
    assert AddressColumns(file, "H").find(found) == CountryTable(CONTENT).find(high, low)[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"{}\n", b"[1]\n", b"x" * 5000, b'{"four": 1, "six": 1}\nx', CONTENT[:-1],
     b'{"four": -1, "six": 1}\n' + bytes(99), b'{"four": "a", "six": 1}\n'],
)  # fmt: skip
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(ValueError):
        AddressColumns(tmp_path / "table", "H")
