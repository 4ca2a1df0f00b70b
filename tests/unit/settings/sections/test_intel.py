# SPDX-License-Identifier: MIT
"""What the owner may allow."""

from __future__ import annotations

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import build


@pytest.mark.parametrize("entry", ["bad.example", "198.51.100.7", "10.0.0.0/8", "2001:db8::/32"])
def test_names_addresses_and_networks_are_allowed(entry: str) -> None:
    assert build({"intel": {"allow": [entry]}}).intel.allow == (entry,)


@pytest.mark.parametrize("entry", ["", "com", "*.bad.example", "http://bad.example/", "a b"])
def test_other_entries_are_refused(entry: str) -> None:
    with pytest.raises(ConfigError, match="names, addresses and networks"):
        build({"intel": {"allow": [entry]}})


@pytest.mark.parametrize("source", ["spamhaus-drop", "https://example.org/list.txt"])
def test_lists_of_the_internet_are_named(source: str) -> None:
    assert build({"intel": {"sources": [source]}}).intel.sources == (source,)


@pytest.mark.parametrize(
    "source", ["", "drop", "http://example.org/", "https://a@example.org/", "https://", "file:///x"]
)
def test_other_sources_are_refused(source: str) -> None:
    with pytest.raises(ConfigError, match="spamhaus-drop"):
        build({"intel": {"sources": [source]}})


def test_there_are_bounds() -> None:
    with pytest.raises(ConfigError, match="at most 1000"):
        build({"intel": {"allow": ["bad.example"] * 1001}})
    with pytest.raises(ConfigError, match="at most 1000"):
        build({"intel": {"resolvers": ["192.0.2.1"] * 1001}})


@pytest.mark.parametrize("key", ["otx_key", "abusech_key"])
def test_keys_are_plain_and_never_shown(key: str) -> None:
    made = build({"intel": {key: "0123abcd-planted"}})
    assert getattr(made.intel, key) == "0123abcd-planted" and "planted" not in repr(made)
    for bad in ("short", "with blank", "line\nbreak", "x" * 129, "“planted”"):
        with pytest.raises(ConfigError, match="as its maker shows the key") as error:
            build({"intel": {key: bad}})
        assert bad not in str(error.value)


def test_secondaries_are_servers_named_once() -> None:
    made = build(
        {"intel": {"secondaries": ["192.0.2.53"], "unsigned_secondaries": ["2001:db8::1"]}}
    )
    assert [str(each) for each in made.intel.all_secondaries] == ["192.0.2.53", "2001:db8::1"]
    for bad in ("0.0.0.0", "224.0.0.1", "fe80::1", "::"):
        with pytest.raises(ConfigError, match="the address of a server of names"):
            build({"intel": {"secondaries": [bad]}})
    with pytest.raises(ConfigError, match="each address once"):
        build({"intel": {"secondaries": ["192.0.2.1"], "unsigned_secondaries": ["192.0.2.1"]}})
    with pytest.raises(ConfigError, match="at most 8"):
        build({"intel": {"secondaries": [f"192.0.2.{number}" for number in range(9)]}})
