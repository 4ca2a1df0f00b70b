# SPDX-License-Identifier: MIT
"""`glovebox block`."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.blocking import block, wishes
from appliance.blocking.wishes import Wish, WishKind
from appliance.errors import GloveboxError, InputError


def test_asks_for_a_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert block.main(["45.66.77.88", "--for", "2h", "--requests", str(tmp_path)]) == 0
    assert wishes.inbox(tmp_path).take() == [Wish(WishKind.BLOCK, "45.66.77.88/32", 7200.0)]
    assert "Asked" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["junk"], ["45.66.77.88", "--for", "5s"]])
def test_what_does_not_fit_is_refused(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(InputError):
        block.main([*words, "--requests", str(tmp_path)])
    assert wishes.inbox(tmp_path).take() == []


def test_nobody_who_could_be_asked_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(GloveboxError, match="No such file or directory: nothing was asked"):
        block.main(["45.66.77.88", "--requests", str(tmp_path / "missing")])
