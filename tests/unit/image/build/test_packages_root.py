# SPDX-License-Identifier: MIT
"""The root of the board's packages, and the key of a flavour's own archive."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from image.build import archive, boards, emulation, packages_root
from image.build.archive import Archive
from image.build.boards import IMAGE
from image.build.roots import Root
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import Recorded, context


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    programs = (IMAGE / "programs.txt").read_text().split()
    recorded = Recorded({f"./usr/bin/{name}": "" for name in programs})
    monkeypatch.setattr(Root, "make", lambda *words: recorded(*words))
    monkeypatch.setattr(emulation, "ensure", lambda *words: None)
    monkeypatch.setattr(packages_root, "debian_keyring", lambda: Path("/debian.gpg"))
    monkeypatch.setattr(packages_root, "build_tools", lambda context: Tools(Path("/tools")))
    return recorded


def test_fetch_archive_key_asks_nobody_where_the_flavour_has_no_archive(tmp_path: Path) -> None:
    assert packages_root.fetch_archive_key(context(tmp_path)) is None


def test_fetch_archive_key_fetches_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[Archive] = []

    def fetch(source: Archive, target: Path) -> None:
        fetched.append(source)
        target.write_text("key")

    held: list[str] = []
    monkeypatch.setattr(archive, "fetch", fetch)
    monkeypatch.setattr(archive, "hold", lambda file, fingerprint: held.append(fingerprint))
    pi = replace(context(tmp_path), board=boards.choose("pi", "raspios"))
    keys = {packages_root.fetch_archive_key(pi) for _ in range(2)}
    assert [key.read_text() for key in keys if key] == ["key"]
    assert fetched == [Archive()]
    assert held == [Archive.fingerprint] * 2


def test_build_packages_root_puts_the_early_files_in_first(
    tmp_path: Path, recorded: Recorded
) -> None:
    packages_root.build_packages_root(context(tmp_path), Tools(Path("/tools")), None)
    (made,) = recorded.made
    assert made.packages == boards.choose("vm").packages
    assert [hook.partition("=")[0] for hook in made.hooks] == ["--essential-hook"]
    assert not list((tmp_path / "cache").glob("*.early"))
    # Of xterm.js no maps of its source: they would be ten times the rest.
    assert "--dpkgopt=path-exclude=/usr/share/javascript/xterm/*.map" in made.options


def test_a_change_of_the_key_makes_the_root_anew(tmp_path: Path, recorded: Recorded) -> None:
    pi = replace(context(tmp_path), board=boards.choose("pi", "raspios"))
    (tmp_path / "key").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    made = set()
    for name in ("a.asc", "b.asc"):
        key = tmp_path / name
        key.write_text("key")
        made.add(packages_root.build_packages_root(pi, Tools(Path("/tools")), key).name)
    assert len(made) == len(recorded.made) == 2


def test_build_device_programs_starts_them_in_place(tmp_path: Path, recorded: Recorded) -> None:
    programs = packages_root.build_device_programs(context(tmp_path))
    for name in (IMAGE / "programs.txt").read_text().split():
        assert Path(programs.argv(name)[0]).is_file()


@pytest.mark.slow
def test_the_initrd_goes_without_names_of_devices(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/udev"
    folder.mkdir(parents=True)
    for name in ("hwdb.bin", "ata_id"):
        (folder / name).touch()
    hook = packages_root.EARLY / "etc/initramfs-tools/hooks/glovebox"
    environment = {**os.environ, "DESTDIR": str(tmp_path)}
    asked = subprocess.run([hook, "prereqs"], env=environment, capture_output=True, check=True)
    assert asked.stdout == b"" and (folder / "hwdb.bin").exists()
    subprocess.run([hook], env={**environment, "version": "6.12"}, check=True)
    assert [each.name for each in folder.iterdir()] == ["ata_id"]
