# SPDX-License-Identifier: MIT
"""Roots by mmdebstrap: what it is told, and what tells one root from another."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from image.build import roots
from image.build.roots import Root, package_list, readable

ROOT = Root("trixie", ("apt", "udev"), mirror="http://mirror/debian")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    words: list[list[str]] = []

    def run(argv: Sequence[str | Path], log: Path, environment: dict[str, str]) -> None:
        assert environment["SOURCE_DATE_EPOCH"] == roots.SOURCE_DATE_EPOCH
        words.append([str(word) for word in argv])

    monkeypatch.setattr(roots, "run", run)
    return words


def test_make_names_packages_suite_and_mirror(asked: list[list[str]], tmp_path: Path) -> None:
    ROOT.make(tmp_path / "root.tar", tmp_path / "log")
    (argv,) = asked
    assert "--include=apt,udev" in argv
    assert argv[-3:] == ["trixie", str(tmp_path / "root.tar"), "http://mirror/debian"]
    assert not any(word.startswith("--architectures") for word in argv)


def test_make_for_another_architecture_says_so(asked: list[list[str]], tmp_path: Path) -> None:
    replace(ROOT, architecture="arm64").make(tmp_path / "root.tar", tmp_path / "log")
    assert "--architectures=arm64" in asked[0]


def test_change_unpacks_each_part_at_its_place_in_order(
    asked: list[list[str]], tmp_path: Path
) -> None:
    parts = [(Path("/a b.tar"), "/"), (Path("/c.tar"), "/usr/lib/c")]
    (tmp_path / "finish").write_text("#!/bin/sh")
    roots.change(parts, tmp_path / "finish", {}, tmp_path / "root.tar", tmp_path / "log")
    hooks = [word for word in asked[0] if word.startswith("--setup-hook=tar-in")]
    assert hooks == ["--setup-hook=tar-in '/a b.tar' /", "--setup-hook=tar-in /c.tar /usr/lib/c"]


@pytest.mark.parametrize(
    "other",
    [replace(ROOT, suite="sid"), replace(ROOT, packages=("apt",)), replace(ROOT, mirror=None),
     replace(ROOT, architecture="arm64"), replace(ROOT, components="main contrib"),
     replace(ROOT, options=("--x",)), replace(ROOT, hooks=("--y",))],
)  # fmt: skip
def test_inputs_tell_one_root_from_another(other: Root) -> None:
    assert other.inputs != ROOT.inputs


def test_readable_copies_what_others_must_read_and_run(tmp_path: Path) -> None:
    (tmp_path / "ring.gpg").write_bytes(b"key")
    (tmp_path / "ring.gpg").chmod(0o600)
    with readable(tmp_path / "ring.gpg", None) as (copy,):
        assert (copy.name, copy.read_bytes()) == ("ring.gpg", b"key")
        assert copy.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH)
        assert copy.parent.stat().st_mode & stat.S_IXOTH
    assert not copy.exists()


def test_package_list_passes_over_comments(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# all\napt  # why\n\nudev\n")
    assert package_list(tmp_path / "list") == ("apt", "udev")
