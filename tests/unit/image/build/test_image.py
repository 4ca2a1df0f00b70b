# SPDX-License-Identifier: MIT
"""A whole build: its steps in order, and held to a record before anything is made of the roots."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from image.build import image, record
from image.build.context import BuildContext
from image.build.tools import Tools
from image.command import BuildError
from tests.unit.image.build.roots_made_here import context

STEPS = (
    "fetch_archive_key", "build_tools", "build_packages_root", "build_engine_root",
    "build_countries", "build_system_root", "build_card", "take_boot_files", "unpack_engine_root",
)  # fmt: skip


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put a stand-in for every step that makes a path; return their names as they are taken."""
    taken: list[str] = []

    def stand_in(name: str) -> object:
        def step(context: BuildContext, *parts: object) -> Tools | Path | None:
            taken.append(name)
            path = tmp_path / name
            return {"fetch_archive_key": None, "build_tools": Tools(path)}.get(name, path)

        return step

    for name in STEPS:
        monkeypatch.setattr(image, name, stand_in(name))
    (tmp_path / "take_boot_files").mkdir()
    (tmp_path / "take_boot_files" / "cmdline").write_text("quiet\n")
    return taken


def test_build_image_takes_the_steps_in_order(tmp_path: Path, done: list[str]) -> None:
    made = image.build_image(context(tmp_path))
    assert done == list(STEPS)
    assert made.title == "vm"
    assert made.command_line == "quiet"
    assert made.device_tree is None
    assert made.disk == tmp_path / "build_card"


def test_build_image_refuses_other_packages_before_it_makes_anything_of_them(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = record.Package("apt", "1", "amd64", "00")
    monkeypatch.setattr(record, "of_roots", lambda *roots: {"system": [package]})
    with pytest.raises(BuildError, match="apt"):
        image.build_image(replace(context(tmp_path), lock={"system": []}))
    assert "build_system_root" not in done
