# SPDX-License-Identifier: MIT
"""The disk image: made of the system and BOOT, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from image.build import boot_partition, card, disk, owner_file
from image.build.boards import Board
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import context, table


def test_build_card_puts_the_owners_file_on_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def make(tools: Tools, boot: Path, system: Path, layout: Path, target: Path, log: Path) -> None:
        seen.append([file.name for file in boot.iterdir()])
        target.write_bytes(table(1).ljust(1024, b"\0"))

    def no_boot_files(folder: Path, packages: Path, board: Board, keyring: bytes) -> None:
        assert folder.is_dir()

    monkeypatch.setattr(disk, "make", make)
    monkeypatch.setattr(boot_partition, "write", no_boot_files)
    words = (Tools(tmp_path / "tools"), tmp_path / "packages.tar", tmp_path / "system.tar")
    assert card.build_card(context(tmp_path), *words).stat().st_size == 1024
    assert card.build_card(context(tmp_path), *words).name.startswith("glovebox-vm-")
    assert seen == [[owner_file.NAME]]
    assert not list((tmp_path / "cache").glob("*.boot"))


def test_makers_are_modules_that_there_are() -> None:
    assert all((Path(card.__file__).parent / name).is_file() for name in card.MAKERS)
