# SPDX-License-Identifier: MIT
"""`glovebox unblock`."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.blocking import unblock, wishes
from appliance.blocking.wishes import Wish, WishKind
from appliance.errors import InputError


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        (["45.66.77.88"], Wish(WishKind.LIFT, "45.66.77.88/32")),
        (["all"], Wish(WishKind.LIFT, "all")),
        (["45.66.77.88", "--never"], Wish(WishKind.NEVER, "45.66.77.88/32")),
    ],
)
def test_asks_for_it_to_be_lifted(tmp_path: Path, words: list[str], wish: Wish) -> None:
    assert unblock.main([*words, "--requests", str(tmp_path)]) == 0
    assert wishes.inbox(tmp_path).take() == [wish]


@pytest.mark.parametrize("words", [["junk"], ["all", "--never"]])
def test_what_does_not_fit_is_refused(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(InputError):
        unblock.main([*words, "--requests", str(tmp_path)])
    assert wishes.inbox(tmp_path).take() == []
