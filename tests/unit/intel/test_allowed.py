# SPDX-License-Identifier: MIT
"""What is allowed, and that a power cut or nonsense changes nothing."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from appliance.intel import allowed
from appliance.intel.allowed import Allowed, allowed_of


def test_names_stand_for_all_below_them_and_networks_for_their_addresses() -> None:
    found = allowed_of(("Bad.Example", "198.51.100.7/24", "10.0.0.1", "no entry"))
    assert found.name("www.bad.example") and found.name("bad.example")
    assert not found.name("example") and not found.name("notbad.example")
    assert found.networks == (ip_network("198.51.100.0/24"), ip_network("10.0.0.1/32"))
    assert found.address(ip_address("198.51.100.9"))
    assert not found.address(ip_address("2001:db8::1"))


def test_clicks_last_and_are_undone(tmp_path: Path) -> None:
    allowed.allow(tmp_path, "bad.example", 5.0)
    allowed.allow(tmp_path, "198.51.100.0/24", 6.0)
    assert allowed.read(tmp_path) == {"bad.example": 5.0, "198.51.100.0/24": 6.0}
    allowed.undo(tmp_path, "bad.example")
    allowed.undo(tmp_path, "never.example")
    assert allowed.read(tmp_path) == {"198.51.100.0/24": 6.0}


@pytest.mark.parametrize("text", ["", "[1]", "nonsense", '{"bad.example": "x"}'])
def test_a_damaged_file_allows_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / allowed.NAME).write_text(text)
    assert allowed.read(tmp_path) == {}


def test_what_is_no_entry_and_what_is_too_many_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="neither"):
        allowed.allow(tmp_path, "../etc", 1.0)
    monkeypatch.setattr(allowed, "MOST", 1)
    allowed.allow(tmp_path, "bad.example", 1.0)
    with pytest.raises(ValueError, match="already"):
        allowed.allow(tmp_path, "worse.example", 1.0)
    assert allowed_of(allowed.read(tmp_path)) == Allowed(frozenset({"bad.example"}))
