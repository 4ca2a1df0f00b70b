# SPDX-License-Identifier: MIT
"""Addresses to countries: by ranges, by classes, and by nothing where nothing is known."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import numpy as np
import pytest

from appliance.countries import country_table
from appliance.countries.country_table import CountryTable, code, date_of, load, pack
from appliance.flows.records import halves

FOUR = ["# IPFire", "16777216,16777471,AU", "16777472,16778239,CN", "134744064,134744319,US",
        "3221225984,3221226239,US", "4294967040,4294967295,??"]  # fmt: skip
SIX = ["2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP", "2001:470::,2001:470:ffff::,US"]
TABLE = CountryTable(pack(FOUR, SIX, "2026-10-28"))


def found(*texts: str) -> list[str]:
    high, low = np.array([halves(ip_address(each)) for each in texts], np.uint64).T
    codes = TABLE.find(high, low).tolist()
    return [chr(each >> 8) + chr(each & 255) if each else "" for each in codes]


def test_ranges_and_what_lies_between() -> None:
    assert found("1.0.0.0", "1.0.0.255", "1.0.1.0", "1.0.4.0", "8.8.8.8", "8.8.9.0", "9.9.9.9") == [
        "AU", "AU", "CN", "", "US", "", "",
    ]  # fmt: skip
    assert found("2001:200::1", "2001:201::1", "2001:470:5::1", "2a00::1", "::5") == [
        "JP", "", "US", "", "",
    ]  # fmt: skip


def test_classes_are_in_no_country() -> None:
    assert found("10.1.1.1", "192.168.1.1", "fe80::1", "fd00::1", "224.0.0.251", "ff02::1") == [
        "lo", "lo", "lo", "lo", "mc", "mc",
    ]  # fmt: skip
    # The list puts TEST-NET-1 into a country; the class goes before it.
    assert found("100.64.0.1", "192.0.2.1", "2001:db8::1", "255.255.255.255") == [
        "cg", "rs", "rs", "mc",
    ]  # fmt: skip


def test_columns_are_small_and_sorted() -> None:
    content = pack(FOUR, SIX, "")
    assert content == pack(reversed(FOUR), reversed(SIX), "")
    assert len(content) < 200


@pytest.mark.parametrize("content", [b"", b"{}\n", b'{"four": 1, "six": 1, "date": ""}\nx', b"[]"])
def test_what_is_no_table_is_none(tmp_path: Path, content: bytes) -> None:
    assert load(tmp_path / "none") is None
    (tmp_path / "file").write_bytes(content)
    assert load(tmp_path / "file") is None


def test_the_date_stands_in_the_remarks() -> None:
    assert date_of(["# a", "# Generated: Thu, 25 Jun 2026", "1,2,XX"]) == "Thu, 25 Jun 2026"
    assert date_of(["1,2,XX", "# Generated: 2026"]) == date_of([]) == ""


def test_codes() -> None:
    assert code("CH") == 0x4348 and country_table.HOME.islower()
