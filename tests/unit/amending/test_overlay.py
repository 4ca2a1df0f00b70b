# SPDX-License-Identifier: MIT
"""Settings of the page over those of the card: each section whole, and the later word holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.amending import overlay
from appliance.amending.overlay import EDITED, OverlayError, PageSetting, PageSettings

CARD: overlay.Tables = {"system": {"hostname": "card"}, "leds": {"brightness": 50}}


def setting(key: str, value: Any, section: str = "system", id: str = "") -> PageSetting:
    return PageSetting(id or f"{section}.{key}", section, key, json.dumps(value))


def test_what_is_kept_is_read_back_with_what_was_before(tmp_path: Path) -> None:
    assert overlay.read(tmp_path) == PageSettings()
    first, second = setting("hostname", "a"), setting("hostname", "b", id="2")
    overlay.keep(tmp_path, PageSettings(), [first])
    overlay.keep(tmp_path, overlay.read(tmp_path), [second])
    assert overlay.read(tmp_path) == PageSettings((second,), (first,))
    assert (tmp_path / overlay.NAME).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 9000, b"x" * (1 << 19)])
def test_what_is_damaged_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / overlay.NAME).write_bytes(content)
    with pytest.raises(OverlayError, match="cannot be read"):
        overlay.read(tmp_path)


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    with pytest.raises(OverlayError, match="cannot be kept"):
        overlay.keep(tmp_path / "none", PageSettings(), [])
    with pytest.raises(OverlayError, match="200 settings"):
        overlay.keep(tmp_path, PageSettings(), [setting("hostname", "a")] * 201)
    with pytest.raises(OverlayError, match="too long"):
        overlay.keep(tmp_path, PageSettings(), [setting("hostname", "a" * (1 << 18))])


def test_changes_are_laid_over_the_card() -> None:
    laid = overlay.lay_over(CARD, [setting("hostname", "page")], {})
    assert laid.tables == {"system": {"hostname": "page"}, "leds": {"brightness": 50}}
    assert [each.key for each in laid.in_force] == ["hostname"]
    assert CARD["system"]["hostname"] == "card"


def test_the_later_word_holds() -> None:
    change = setting("hostname", "page")
    seen = overlay.lay_over(CARD, [change], {}).seen
    assert overlay.lay_over(CARD, [change], seen).tables["system"]["hostname"] == "page"
    edited = {**CARD, "system": {"hostname": "later"}}
    laid = overlay.lay_over(edited, [change], seen)
    assert laid.tables == edited
    assert [each.why for each in laid.unused] == [EDITED]
    # A new change on the page has a new number, and is later than the card.
    again = setting("hostname", "newest", id="2")
    assert overlay.lay_over(edited, [again], seen).tables["system"]["hostname"] == "newest"


def test_a_section_holds_whole_or_not_at_all() -> None:
    wired = [
        setting("addresses", ["192.168.88.5/24"], "wired"),
        setting("gateways", ["10.0.0.1"], "wired"),
    ]
    laid = overlay.lay_over(CARD, [*wired, setting("hostname", "page")], {})
    assert "wired" not in laid.tables and laid.tables["system"]["hostname"] == "page"
    assert len(laid.unused) == 2 and "[wired] gateways" in laid.unused[0].why
    right = [wired[0], setting("gateways", ["192.168.88.1"], "wired")]
    assert len(overlay.lay_over(CARD, right, {}).in_force) == 2


@pytest.mark.parametrize(
    "change",
    [
        setting("password_hash", "x", "web"), setting("hostname", {"a": 1}),
        PageSetting("1", "system", "hostname", "{"), setting("x", 1, "none"),
        PageSetting("1", "system", "hostname", "[" * 5000),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_used(change: PageSetting) -> None:
    laid = overlay.lay_over(CARD, [change], {})
    assert laid.tables == CARD and len(laid.unused) == 1 and not laid.in_force


def test_attempts_at_network_settings_differ_by_their_numbers() -> None:
    change = setting("addresses", [], "wired", "7")
    assert overlay.network_text([change, setting("hostname", "a")], ("wired",)) == "7\n"
