# SPDX-License-Identifier: MIT
"""What all parts of a build share."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from image.build import boards, engines
from tests.unit.image.build.roots_made_here import context


@pytest.mark.parametrize(
    ("engine", "name"), [("snort", "system-vm"), ("suricata", "system-vm-suricata")]
)
def test_named_tells_images_apart_and_passes_over_the_usual_engine(
    engine: str, name: str, tmp_path: Path
) -> None:
    assert replace(context(tmp_path), engine=engines.choose(engine)).named("system") == name


def test_is_native_is_a_matter_of_the_boards_architecture(tmp_path: Path) -> None:
    native = {
        name: replace(context(tmp_path), board=boards.choose(name)).is_native
        for name in boards.names()
    }
    assert [name for name, here in native.items() if here] == [
        name for name in boards.names() if boards.choose(name).machine == os.uname().machine
    ]


def test_cache_is_made_below_the_folder_of_the_build(tmp_path: Path) -> None:
    assert context(tmp_path / "build").cache.folder == tmp_path / "build" / "cache"
    assert (tmp_path / "build" / "cache").is_dir()
