# SPDX-License-Identifier: MIT
"""What is handed to the matcher arrives as it is, and what is none of it does not."""

from __future__ import annotations

from pathlib import Path

from appliance.intel import wishes
from appliance.intel.wishes import IntelWish, IntelWishKind


def test_a_wish_travels_as_it_is(tmp_path: Path) -> None:
    wish = IntelWish(IntelWishKind.AGREE, "urlhaus", "ab" * 32)
    wishes.inbox(tmp_path).post(wish)
    other = tmp_path / "00000000000000000001-00000000.json"
    other.write_text('{"kind": "delete", "what": "urlhaus", "digest": ""}')
    assert wishes.inbox(tmp_path).take() == [wish]


def test_what_the_collector_hands_on_is_small(tmp_path: Path) -> None:
    file = tmp_path / "00000000000000000001-00000000.json"
    file.write_text(" " * (wishes.MOST_HANDED_ON + 1))
    assert wishes.handed_on(tmp_path).take() == [] and not file.exists()
