# SPDX-License-Identifier: MIT
"""A wish goes from the page to the sender, and says nothing of its secret on the way."""

from __future__ import annotations

from pathlib import Path

from appliance.notify.wishes import NotifyWish, NotifyWishKind, inbox


def test_a_wish_arrives_once(tmp_path: Path) -> None:
    wish = NotifyWish(NotifyWishKind.PUT, "phone", {"way": "ntfy", "secret": "MARKED"})
    inbox(tmp_path).post(wish)
    assert inbox(tmp_path).take() == [wish] and inbox(tmp_path).take() == []
    assert "MARKED" not in repr(wish)
