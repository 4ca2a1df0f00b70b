# SPDX-License-Identifier: MIT
"""Country and owner of an address for pages; nothing of what is nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.countries import country_table, owner_table
from appliance.countries.origins import Origin, Origins
from tests.unit.countries.test_country_table import FOUR, SIX
from tests.unit.countries.test_owner_table import FOUR as OWNED
from tests.unit.countries.test_owner_table import NAMES
from tests.unit.countries.test_owner_table import SIX as OWNED_SIX


def write_tables(folder: Path) -> None:
    """Write tables in which 8.8.8.0/24 is in the United States, and GOOGLE's."""
    (folder / "countries").write_bytes(country_table.pack(FOUR, SIX, ""))
    (folder / "owners").write_bytes(owner_table.pack(OWNED, OWNED_SIX, NAMES, ""))


@pytest.fixture
def origins(tmp_path: Path) -> Origins:
    write_tables(tmp_path)
    return Origins(tmp_path / "countries", tmp_path / "owners")


def test_an_address_and_a_network(origins: Origins) -> None:
    assert origins.of("8.8.8.8") == Origin("US", "United States", "GOOGLE")
    assert origins.of("8.8.8.0/24") == origins.of("::ffff:8.8.8.8") == origins.of("8.8.8.8")
    assert origins.of("1.0.1.1") == Origin("CN", "China", "")


@pytest.mark.parametrize(
    "text",
    # The list puts TEST-NET-1 into a country.
    ["192.0.2.1", "192.168.1.9", "224.0.0.251", "ff02::fb", "fe80::1%eth0", "9.9.9.9", "", "name",
     "1.0.0.0.0", "/", "😀", "0x08080808"],
)  # fmt: skip
def test_nothing_is_said_of_others(origins: Origins, text: str) -> None:
    assert origins.of(text) == Origin()


def test_without_tables_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "owners").write_bytes(b"broken")
    assert Origins(tmp_path / "none", tmp_path / "owners").of("8.8.8.8") == Origin()
