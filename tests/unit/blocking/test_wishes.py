# SPDX-License-Identifier: MIT
"""What the owner asks for, as it is typed and as it travels."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.blocking import wishes
from appliance.blocking.wishes import Wish, WishKind
from appliance.errors import InputError


def test_a_wish_travels_as_it_is(tmp_path: Path) -> None:
    wish = Wish(WishKind.BLOCK, "45.66.77.88/32", 60.0)
    wishes.inbox(tmp_path).post(wish)
    assert wishes.inbox(tmp_path).take() == [wish]


@pytest.mark.parametrize(
    ("text", "network"),
    [("45.66.77.88", "45.66.77.88/32"), ("45.66.77.88/24", "45.66.77.88/32"),
     ("2600:1:2:3::9", "2600:1:2:3::/64"), ("::ffff:45.66.77.88", "45.66.77.88/32")],
)  # fmt: skip
def test_an_address_is_what_is_blocked_for_it(text: str, network: str) -> None:
    assert wishes.named(text) == network


@pytest.mark.parametrize("text", ["", "router", "1.2.3", "1.2.3.4-1.2.3.9", "x" * 9999])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no address"):
        wishes.named(text)
