# SPDX-License-Identifier: MIT
"""`glovebox router history` shows the past, and hands it to git."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.changes import versions
from appliance.changes.versions import VersionStore
from appliance.errors import InputError
from appliance.router import command
from tests.unit.changes.test_plaingit import git

CONFIG = '[router]\nrouters = [{ name = "home", address = "192.168.88.1" },\
 { name = "shed", address = "192.168.88.2" }]\n'


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    (tmp_path / "glovebox.toml").write_text(CONFIG)
    return ["--config", str(tmp_path / "glovebox.toml"), "--folder", str(tmp_path)]


def remember(folder: Path, name: str, *times: float) -> None:
    (folder / name).mkdir(exist_ok=True)
    past = VersionStore(versions.file_of(name, folder))
    for time in times:
        past.add(time, f"/of {time}\n/b\n", "eva", ("rule \x1b[2J changed by eva",))
    past.close()


def test_it_shows_who_changed_what(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="seen yet"):
        command.main([*options, "history"])
    remember(tmp_path, "home", 1e9, 1.1e9)
    assert command.main([*options, "history", "home"]) == 0
    said = capsys.readouterr().out
    assert "eva" in said and "+ /of 1100000000.0" in said and "- /of 1000000000.0" in said
    assert "\x1b" not in said


def test_git_gets_each_version_of_all_routers_once_in_order(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "routers.git"
    remember(tmp_path, "home", 1e9, 1.2e9)
    remember(tmp_path, "shed", 1.1e9)
    asked = [*options, "history", "--git", str(target)]
    assert command.main(asked) == 0 and command.main(asked) == 0
    assert "3 versions" in (said := capsys.readouterr().out) and "0 versions" in said
    remember(tmp_path, "shed", 1.3e9)
    assert command.main(asked) == 0
    assert git(target, "fsck", "--strict") == ""
    assert git(target, "log", "--format=%at %an %s").splitlines() == [
        "1300000000 eva shed: changed", "1200000000 eva home: changed",
        "1100000000 eva shed: changed", "1000000000 eva home: changed",
    ]  # fmt: skip
    assert git(target, "ls-tree", "--name-only", "main").split() == ["home.rsc", "shed.rsc"]
    assert git(target, "show", "main:shed.rsc") == "/of 1300000000.0\n/b\n"
    assert "\x1b" not in git(target, "log")
