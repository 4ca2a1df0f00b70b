# SPDX-License-Identifier: MIT
"""Which rule sets may be named."""

from __future__ import annotations

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import build
from appliance.settings.sections.rules import RULE_SETS, rule_set_of


@pytest.mark.parametrize("source", ["et-open", "sslbl", "https://example.org/my.rules"])
def test_rule_sets_are_named(source: str) -> None:
    assert build({"rules": {"sources": [source]}}).rules.sources == (source,)


@pytest.mark.parametrize("source", ["", "et-pro", "http://example.org/", "file:///x", "../x"])
def test_others_are_refused(source: str) -> None:
    with pytest.raises(ConfigError, match="sources"):
        build({"rules": {"sources": [source]}})


def test_at_most_eight() -> None:
    with pytest.raises(ConfigError, match="at most 8"):
        build({"rules": {"sources": [f"https://example.org/{n}" for n in range(9)]}})


def test_a_set_is_another_for_each_engine() -> None:
    snort, suricata = (rule_set_of("et-open", engine) for engine in ("snort", "suricata"))
    assert snort and suricata and snort.url != suricata.url and snort.name == suricata.name
    assert rule_set_of("sslbl", "snort") is None
    for each in RULE_SETS.values():
        assert each.licence and each.terms.startswith("https://")
        assert all(url.startswith("https://") for url in each.urls.values())


def test_an_address_stands_for_itself() -> None:
    found = rule_set_of("https://example.org/my.rules", "snort")
    assert found and found.url == "https://example.org/my.rules" and "/" not in found.name
