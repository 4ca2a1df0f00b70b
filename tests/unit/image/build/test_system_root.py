# SPDX-License-Identifier: MIT
"""The whole root: which parts, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from image.build import overlay, system_root
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import context, write_tar


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the places that parts were unpacked at, for each root that was made."""
    made: list[list[str]] = []
    (tmp_path / "wheels").mkdir()

    def change(
        parts: Sequence[tuple[Path, str]], hook: Path, words: Mapping[str, str], target: Path,
        log: Path,
    ) -> None:  # fmt: skip
        assert all(tar.is_file() for tar, _ in parts)
        assert words["VARIANT"] == "vm-debian"
        made.append([place for _, place in parts])
        target.touch()

    monkeypatch.setattr(system_root, "change", change)
    monkeypatch.setattr(system_root, "build_wheels", lambda context: tmp_path / "wheels")
    (tmp_path / "countries").mkdir()
    return made


@pytest.mark.parametrize("with_engine", [True, False])
def test_our_own_files_come_last(
    with_engine: bool, tmp_path: Path, changed: list[list[str]]
) -> None:
    packages = write_tar(tmp_path / "packages.tar", {})
    engine = write_tar(tmp_path / "engine.tar", {}) if with_engine else None
    system_root.build_system_root(
        context(tmp_path), Tools(tmp_path), packages, engine, tmp_path / "countries"
    )
    assert changed == [["/", *(["/usr/lib/glovebox/engine"] if with_engine else []), "/"]]
    assert not list((tmp_path / "cache").glob("*.own"))


def test_own_files_hold_the_wheels_and_the_engines_files(tmp_path: Path) -> None:
    places = system_root.own_files(context(tmp_path), tmp_path / "wheels", tmp_path / "countries")
    assert (tmp_path / "countries", "usr/share/glovebox") in places
    assert places[-1] == (tmp_path / "wheels", overlay.PACKAGES)
    assert (context(tmp_path).engine.overlay, "") in places
