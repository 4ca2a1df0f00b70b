# SPDX-License-Identifier: MIT
"""What an emulator starts a board with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from image.build import boards, boot_files, firststage
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import context, write_tar


def test_a_pc_is_started_with_the_kernel_of_its_packages(tmp_path: Path) -> None:
    packages = write_tar(
        tmp_path / "packages.tar", {"./boot/vmlinuz-6.12": "kernel", "./boot/initrd.img-6.12": "rd"}
    )
    words = (Tools(tmp_path), packages, tmp_path / "card.img")
    folder = boot_files.take_boot_files(context(tmp_path), *words)
    assert (folder / "vmlinuz").read_text() == "kernel"
    assert (folder / "initrd.img").read_text() == "rd"
    assert (folder / "cmdline").read_text() == boards.choose("vm").command_line


def test_a_pi_is_started_with_what_its_own_boot_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(tools: Tools, card: Path, device_tree: str, target: Path, log: Path) -> None:
        target.mkdir()
        (target / "device-tree").write_text(device_tree)

    monkeypatch.setattr(firststage, "take", take)
    pi = replace(context(tmp_path), board=boards.choose("pi", "debian"))
    words = (Tools(tmp_path), tmp_path / "packages.tar", tmp_path / "card.img")
    folder = boot_files.take_boot_files(pi, *words)
    assert (folder / "device-tree").read_text() == pi.board.device_tree
