# SPDX-License-Identifier: MIT
"""Files are there whole or not at all."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import files

Write = Callable[[Path, bytes | str, int], None]
WRITES = pytest.mark.parametrize(
    "write", [files.write_whole, files.write_durable, files.create_durable]
)
REPLACING = pytest.mark.parametrize("write", [files.write_whole, files.write_durable])
DURABLE = pytest.mark.parametrize("write", [files.write_durable, files.create_durable])


@WRITES
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_file_has_its_content_and_mode_and_nothing_is_beside_it(
    write: Write, mode: int, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        write(tmp_path / "glovebox.toml", b"new", mode)
    finally:
        os.umask(before)
    assert (tmp_path / "glovebox.toml").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "glovebox.toml").stat().st_mode) == mode
    assert os.listdir(tmp_path) == ["glovebox.toml"]


@WRITES
def test_text_is_utf_8(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "a", "Küche", 0o600)
    assert (tmp_path / "a").read_bytes() == "Küche".encode()


@REPLACING
def test_old_file_is_replaced(write: Write, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    write(tmp_path / "a", b"new", 0o600)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


@REPLACING
def test_link_is_replaced_and_not_followed(write: Write, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"theirs")
    (tmp_path / "a").symlink_to("other")
    write(tmp_path / "a", b"new", 0o600)
    assert (tmp_path / "other").read_bytes() == b"theirs"
    assert not (tmp_path / "a").is_symlink()


@WRITES
def test_link_in_the_place_of_the_temporary_file_is_refused(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.urandom", bytes)
    (tmp_path / ".a.00000000.new").symlink_to("other")
    with pytest.raises(FileExistsError):
        write(tmp_path / "a", b"new", 0o600)
    assert os.listdir(tmp_path) == [".a.00000000.new"]


def test_created_file_replaces_nothing(tmp_path: Path) -> None:
    files.create_durable(tmp_path / "password", "first", 0o600)
    with pytest.raises(FileExistsError):
        files.create_durable(tmp_path / "password", "second", 0o600)
    assert (tmp_path / "password").read_text() == "first"
    assert os.listdir(tmp_path) == ["password"]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is brought to the disk, by its name at that moment, and what gets its name."""
    noted: list[str] = []
    fsync = os.fsync

    def note_fsync(descriptor: int) -> None:
        noted.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    def note(call: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
        def noting(source: Path, target: Path) -> None:
            noted.append(target.name)
            call(source, target)

        return noting

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note(os.replace))
    monkeypatch.setattr(os, "link", note(os.link))
    monkeypatch.setattr("os.urandom", bytes)
    return noted


@DURABLE
def test_content_is_on_the_disk_before_the_name_and_the_folder_after_it(
    write: Write, tmp_path: Path, done: list[str]
) -> None:
    write(tmp_path / "a", b"x", 0o600)
    assert done == [".a.00000000.new", "a", tmp_path.name]


def test_whole_file_waits_for_no_disk(tmp_path: Path, done: list[str]) -> None:
    files.write_whole(tmp_path / "a", b"x", 0o600)
    assert done == ["a"]


@REPLACING
def test_write_that_fails_leaves_the_old_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        write(tmp_path / "file", b"x", 0o600)
    assert os.listdir(tmp_path) == ["file"]


@DURABLE
def test_full_disk_leaves_nothing(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "a", b"x", 0o600)
    assert os.listdir(tmp_path) == []


@DURABLE
def test_what_a_power_cut_left_is_cleared_and_another_writer_is_not_disturbed(
    write: Write, tmp_path: Path
) -> None:
    long_ago, ahead = tmp_path / ".a.01.new", tmp_path / ".a.02.new"
    for left, moment in ((long_ago, 0.0), (ahead, time.time() + 2 * files.LEFT_BEHIND_S)):
        left.touch()
        os.utime(left, (moment, moment))
    for other in (".a.03.new", ".b.01.new"):
        (tmp_path / other).touch()
    os.utime(tmp_path / ".b.01.new", (0.0, 0.0))
    write(tmp_path / "a", b"x", 0o600)
    assert sorted(os.listdir(tmp_path)) == [".a.03.new", ".b.01.new", "a"]


def test_remove_of_nothing_is_fine(tmp_path: Path) -> None:
    files.remove(tmp_path / "absent")
    (tmp_path / "there").touch()
    files.remove(tmp_path / "there")
    assert os.listdir(tmp_path) == []


def test_removal_is_on_the_disk(tmp_path: Path, done: list[str]) -> None:
    (tmp_path / "a").touch()
    files.remove(tmp_path / "a")
    assert done == [tmp_path.name]


def test_sync_of_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.sync(tmp_path / "absent")


def test_change_in_place_writes_what_differs_into_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "config.txt"
    file.write_bytes(b"kernel=x\nos_prefix=a/\n")
    before = file.stat().st_ino
    files.change_in_place(file, b"kernel=x\nos_prefix=b/\n")
    assert file.read_bytes() == b"kernel=x\nos_prefix=b/\n"
    assert file.stat().st_ino == before
    assert os.listdir(tmp_path) == ["config.txt"]


@pytest.mark.parametrize("other", [b"", b"ab", b"abcd"])
def test_change_in_place_is_not_for_another_length(tmp_path: Path, other: bytes) -> None:
    file = tmp_path / "config.txt"
    file.write_bytes(b"abc")
    with pytest.raises(OSError, match="changed meanwhile"):
        files.change_in_place(file, other)
    assert file.read_bytes() == b"abc"
