# SPDX-License-Identifier: MIT
"""What an emulator starts a board with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from image.build import boards, boot_files, firststage
from image.build.boards import Board
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import context


@pytest.mark.parametrize("board", [boards.choose("vm"), boards.choose("pi", "debian")])
def test_a_board_is_started_with_what_its_own_boot_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, board: Board
) -> None:
    def take(tools: Tools, card: Path, device_tree: str | None, target: Path, log: Path) -> None:
        target.mkdir()
        (target / "taken").write_text(f"{card.name} {device_tree}")

    monkeypatch.setattr(firststage, "take", take)
    build = replace(context(tmp_path), board=board)
    folder = boot_files.take_boot_files(build, Tools(tmp_path), tmp_path / "card.img")
    assert (folder / "taken").read_text() == f"card.img {board.device_tree}"
