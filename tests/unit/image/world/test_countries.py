# SPDX-License-Identifier: MIT
"""The tables of countries and owners are made once, of the lists of two packages."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.countries.country_table import CountryTable
from appliance.countries.owner_table import OwnerTable
from image.build.roots import LOCK, Root
from image.world import countries, outlines
from tests.unit.image.build.roots_made_here import Recorded, context, write_tar
from tests.unit.image.world.test_libloc import database

FOUR = "# Generated: Thu, 25 Jun 2026\n16777216,16777471,AU\n"
SIX = "# x\n2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n"
NAMES = (*countries.LISTS, countries.DATABASE)
CONTENTS: tuple[str | bytes, ...] = (FOUR, SIX, database())
LISTS = {f"./{name}": content for name, content in zip(NAMES, CONTENTS, strict=True)}
LISTS |= {f"./{outlines.DATA}{ending}": ending for ending in (".rdx", ".rdb")}
OURS = "".join(
    f"{name} 1.0-1 all {'ab' * 32}\n" for name in (*countries.PACKAGES, outlines.PACKAGE)
)
LISTS[f"./{LOCK}"] = f"adduser 3.152 all {'cd' * 32}\n{OURS}"


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(LISTS)
    monkeypatch.setattr(Root, "make", lambda *words: recorded(*words))
    monkeypatch.setattr(countries, "debian_keyring", lambda: tmp_path / "keyring")
    monkeypatch.setattr(outlines, "packed", lambda index, base: index + base)
    first = countries.build_countries(context(tmp_path))
    assert first == countries.build_countries(context(tmp_path))
    assert [root.packages for root in recorded.made] == [("tor-geoipdb", "libloc-database")]
    (hook,) = recorded.made[0].hooks
    assert "download r-cran-rnaturalearthdata" in hook
    assert (first / "outlines").read_bytes() == b".rdx.rdb"
    assert (first / "lists.lock").read_text() == OURS
    table = CountryTable((first / "countries").read_bytes())
    assert table.date == "Thu, 25 Jun 2026"
    owners = OwnerTable(first / "owners")
    assert owners.find(ip_address("8.8.8.8")) == "GOOGLE"


def test_a_root_without_the_lists_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        countries.packed(write_tar(tmp_path / "x.tar", {"./etc/passwd": ""}))
    with pytest.raises(KeyError):
        countries.drawn(write_tar(tmp_path / "y.tar", {"./etc/passwd": ""}))
