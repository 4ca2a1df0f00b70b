# SPDX-License-Identifier: MIT
"""What is asked of rule sets arrives as it is, and nothing else does."""

from __future__ import annotations

from pathlib import Path

from appliance.renewal import wishes
from appliance.renewal.wishes import RenewalWish, RenewalWishKind


def test_a_wish_travels_as_it_is(tmp_path: Path) -> None:
    wish = RenewalWish(RenewalWishKind.AGREE, "et-open", "ab" * 32)
    wishes.inbox(tmp_path).post(wish)
    other = tmp_path / "00000000000000000001-00000000.json"
    other.write_text('{"kind": "anything", "what": "et-open", "digest": ""}')
    assert wishes.inbox(tmp_path).take() == [wish]
