# SPDX-License-Identifier: MIT
"""Python packages for the board, by hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from image.build import wheels
from tests.unit.image.build.roots_made_here import context


def test_build_wheels_fetches_once_and_for_the_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str | Path]] = []

    def run(argv: list[str | Path], log: Path) -> None:
        asked.append(argv)
        Path(argv[argv.index("--target") + 1]).mkdir()

    monkeypatch.setattr(wheels, "run", run)
    first = wheels.build_wheels(context(tmp_path))
    assert first == wheels.build_wheels(context(tmp_path))
    (argv,) = asked
    assert "--require-hashes" in argv
    assert "--platform=manylinux_2_28_x86_64" in argv


def test_every_requirement_has_its_hash() -> None:
    lines = [
        line
        for file in wheels.REQUIREMENTS
        for line in file.read_text().splitlines()
        if not line.startswith("#")
    ]
    wanted = " ".join(lines).split("==")[1:]
    assert wanted
    assert all("--hash=sha256:" in each for each in wanted)
