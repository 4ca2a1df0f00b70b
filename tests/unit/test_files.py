"""Files are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance import files


def test_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "glovebox.toml"
    files.write(file, b"old")
    files.write(file, b"new", 0o640)
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_write_syncs_content_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content on the disk, then its name, then the folder: the order that a power cut needs."""
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        done.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    def note_replace(source: Path, target: Path) -> None:
        done.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    files.write(tmp_path / "a", b"x")
    assert done == ["a.new", "rename", tmp_path.name]


def test_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError):
        files.write(tmp_path / "file", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_remove_of_nothing_is_fine(tmp_path: Path) -> None:
    files.remove(tmp_path / "absent")
    (tmp_path / "there").touch()
    files.remove(tmp_path / "there")
    assert list(tmp_path.iterdir()) == []


def test_sync_of_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.sync(tmp_path / "absent")
