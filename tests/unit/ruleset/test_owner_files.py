# SPDX-License-Identifier: MIT
"""Which files are read as rules, and what is said of the others."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from appliance.ruleset import owner_files


def test_find_takes_rules_in_order_and_leaves_the_litter(tmp_path: Path) -> None:
    first, second = tmp_path / "boot", tmp_path / "var"
    for folder in (first, second):
        folder.mkdir()
    for name in ("b.rules", "A.RULES", "._b.rules", ".rules", "Thumbs.db"):
        (first / name).touch()
    (second / "a.rules").touch()
    found = owner_files.find([first, tmp_path / "missing", second])
    assert found.files == [first / "A.RULES", first / "b.rules", second / "a.rules"]
    assert (found.problems, found.passed_over) == ([], [])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my.rules.txt", "rename it so that its name ends in .rules"),
        ("my.rules.TXT", "rename it"),
        ("my.rules (1)", "rename it"),
        ("my.rule", "rename it"),
        ("emerging.rules.tar.gz", "an archive; unpack it on a PC"),
        ("rules.ZIP", "an archive; unpack it on a PC"),
    ],
)
def test_find_names_what_was_meant_as_rules(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).touch()
    found = owner_files.find([tmp_path])
    assert found.files == []
    [told] = found.passed_over
    assert told.startswith(f"{name}: ") and words in told


def test_find_names_folders_and_counts_the_rest(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for number in range(30):
        (tmp_path / f"{number:02d}.map").touch()
    folder, rest = owner_files.find([tmp_path]).passed_over
    assert folder.startswith("rules: a folder; put its *.rules files directly")
    assert rest.startswith("no *.rules: 00.map, ") and rest.endswith("19.map and 10 more")


def test_beside_names_rules_next_to_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    assert owner_files.beside([folder, tmp_path / "missing/rules", tmp_path / "rules.d"]) == []
    for name in ("my.rules", "your.rules.txt", ".rules", "config.txt", "glovebox-rules.txt"):
        (tmp_path / name).touch()
    assert owner_files.beside([folder]) == [
        "my.rules: put it into the folder rules",
        "your.rules.txt: put it into the folder rules",
    ]


def test_find_names_a_folder_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may read any folder: what another user meets stands in for it.
    def refused(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(os, "scandir", refused)
    [problem] = owner_files.find([tmp_path]).problems
    assert (problem.line, problem.reason) == (0, "Permission denied")


def test_no_name_is_too_odd(tmp_path: Path) -> None:
    for name in (
        b"k\xfcche.rules",
        b"a\nalert tcp x.rules",
        b"\xe2\x80\xaeevil.rules",
        b"x" * 200 + b".rules",
    ):
        (tmp_path / os.fsdecode(name)).touch()
    for file in owner_files.find([tmp_path]).files:
        shown = owner_files.shown(file.name)
        assert shown.isprintable() and shown.encode() and len(shown) <= 100


def test_the_folders_of_the_cases_are_understood(tmp_path: Path, shared_cases: Path) -> None:
    script = shared_cases / "rules/05-folder-and-names.sh"
    subprocess.run(["sh", script, tmp_path], check=True)
    [file] = owner_files.find([tmp_path / "crash-name"]).files
    assert owner_files.shown(file.name) == "k\N{REPLACEMENT CHARACTER}che.rules"
    told = "\n".join(owner_files.find([tmp_path / "silent"]).passed_over)
    for name in ("my.rules.txt: rename", "rules: a folder", "emerging.rules.tar.gz: an archive"):
        assert name in told


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("alert".encode("utf-16"), "UTF-16"),
        (b"{\\rtf1 alert", "RTF"),
        (b"PK\x03\x04...", "unpack it"),
        (b"\x1f\x8b...", "unpack it"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"\x7fELF", "a program"),
        (b"\n" * 500_001, "more than 500,000 lines"),
    ],
)
def test_read_refuses_what_is_no_text(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "my.rules").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        owner_files.read(tmp_path / "my.rules", 1 << 20)


def test_read_waits_for_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "my.rules")
    with pytest.raises(ValueError, match="no plain file"):
        owner_files.read(tmp_path / "my.rules", 1 << 20)


def test_read_reads_no_more_than_there_is_room_for(tmp_path: Path) -> None:
    (tmp_path / "my.rules").write_bytes(b"#" * 1000)
    assert len(owner_files.read(tmp_path / "my.rules", 10)) == 11


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_of_every_system_are_lines(end: bytes) -> None:
    content = b"\xef\xbb\xbf" + end.join([b"one", b"# two", b"three \\", b"four", b""])
    assert list(owner_files.lines(content)) == [(1, "one"), (3, "three four")]
