# SPDX-License-Identifier: MIT
"""What is written is a repository to git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.changes import plaingit
from appliance.errors import InputError


def git(folder: Path, *arguments: str) -> str:
    argv = ["git", "--git-dir", str(folder), *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def written(folder: Path, *texts: str) -> None:
    repository = plaingit.opened(folder)
    for number, text in enumerate(texts):
        repository.put("home.rsc", text)
        repository.commit(1_700_000_000.5 + number, "eva <evil>\n from 192.0.2.1", "home: changed")
        repository.done["home"] = repository.done.get("home", 0) + 1
    repository.save()


def test_git_reads_it_and_finds_no_fault(tmp_path: Path) -> None:
    folder = tmp_path / "routers.git"
    written(folder, "/a\n", "/a\n/b ü\n")
    written(folder, "/c\n")
    assert git(folder, "fsck", "--strict") == ""
    assert git(folder, "log", "--format=%an|%ae|%at|%s").splitlines() == [
        "eva evil from 192.0.2.1||1700000000|home: changed",
        "eva evil from 192.0.2.1||1700000001|home: changed",
        "eva evil from 192.0.2.1||1700000000|home: changed",
    ]
    assert git(folder, "show", "main~1:home.rsc") == "/a\n/b ü\n"
    assert plaingit.opened(folder).done == {"home": 3}


def test_nothing_new_changes_nothing(tmp_path: Path) -> None:
    written(tmp_path / "x", "/a\n")
    before = git(tmp_path / "x", "rev-parse", "main")
    written(tmp_path / "x")
    assert git(tmp_path / "x", "rev-parse", "main") == before


def test_what_is_anothers_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "file").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        plaingit.opened(tmp_path / "x")
    written(tmp_path / "y", "/a\n")
    (tmp_path / "y" / plaingit.BRANCH).write_text("0" * 40)
    with pytest.raises(InputError, match="somebody else"):
        plaingit.opened(tmp_path / "y")
