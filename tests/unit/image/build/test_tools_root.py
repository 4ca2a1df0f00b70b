# SPDX-License-Identifier: MIT
"""The tools root: made once, of what its list names."""

from __future__ import annotations

from pathlib import Path

import pytest

from image.build import tools_root
from image.build.roots import Root, package_list
from tests.unit.image.build.roots_made_here import Recorded, context


def test_build_tools_makes_the_root_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = (tools_root.FOLDER / "programs.txt").read_text().split()
    recorded = Recorded({f"./usr/bin/{name}": "" for name in programs})
    monkeypatch.setattr(Root, "make", lambda *words: recorded(*words))
    monkeypatch.setattr(tools_root, "debian_keyring", lambda: tmp_path / "keyring")
    first = tools_root.build_tools(context(tmp_path))
    assert first == tools_root.build_tools(context(tmp_path))
    assert [root.packages for root in recorded.made] == [
        package_list(tools_root.FOLDER / "packages.txt")
    ]
    assert all(Path(first.argv(name)[0]).is_file() for name in programs)
    assert not list((tmp_path / "cache").glob("*.tar"))
