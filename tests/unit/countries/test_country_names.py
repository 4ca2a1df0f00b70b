# SPDX-License-Identifier: MIT
"""Countries in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.countries import country_names


@pytest.fixture(autouse=True)
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    file = tmp_path / "iso3166.tab"
    file.write_text("# remark\nCH\tSwitzerland\nbroken\n", encoding="utf-8")
    monkeypatch.setattr(country_names, "FILE", file)
    country_names._names.cache_clear()
    yield
    # Whoever comes next finds the real names.
    country_names._names.cache_clear()


def test_names_classes_and_codes_without_a_name() -> None:
    assert country_names.name("CH") == "Switzerland"
    assert country_names.name("lo") == "private addresses" and country_names.name("") == "not known"
    assert country_names.name("ZZ") == "ZZ"


def test_without_the_file_codes_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(country_names, "FILE", Path("/none"))
    country_names._names.cache_clear()
    assert country_names.name("CH") == "CH"
