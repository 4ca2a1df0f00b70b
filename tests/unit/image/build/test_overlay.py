# SPDX-License-Identifier: MIT
"""Our own files as a tar: nothing of the host in it."""

from __future__ import annotations

import tarfile
from pathlib import Path

from image.build import overlay
from image.build.context import PROJECT


def test_write_leaves_out_the_hosts_owners_times_and_umask(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "run").write_text("#!/bin/sh\n")
    (folder / "bin" / "run").chmod(0o700)
    (folder / "note").write_text("text")
    (folder / "note").chmod(0o600)
    (folder / "link").symlink_to("note")
    overlay.write(tmp_path / "own.tar", [(folder, "usr/share")], 1234)
    with tarfile.open(tmp_path / "own.tar") as tar:
        members = {member.name: member for member in tar}
    assert {name: member.mode for name, member in members.items() if member.isfile()} == {
        "usr/share/bin/run": 0o755, "usr/share/note": 0o644,
    }  # fmt: skip
    assert {(each.mtime, each.uid, each.gid) for each in members.values()} == {(1234, 0, 0)}
    assert members["usr/share/link"].linkname == "note"
    assert members["usr"].isdir()


def test_write_gives_the_same_bits(tmp_path: Path) -> None:
    for name in ("one", "two"):
        overlay.write(tmp_path / name, overlay.sources(PROJECT, "vm"), 1)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_sources_are_folders_that_there_are() -> None:
    found = dict(overlay.sources(PROJECT, "pi"))
    assert found[PROJECT / "appliance"] == f"{overlay.PACKAGES}/appliance"
    assert PROJECT / "image/boards/pi/overlay" in found
    assert all(folder.is_dir() for folder in found)


def test_the_pis_own_radio_leaves_the_handshake_to_the_software() -> None:
    """The bits are those of brcmfmac/feature.h in Linux."""
    text = (PROJECT / "image/boards/pi/overlay/etc/modprobe.d/glovebox-wifi.conf").read_text()
    (line,) = (line for line in text.splitlines() if not line.startswith("#"))
    disabled = int(line.rpartition("feature_disable=")[2], 16)
    assert line.startswith("options brcmfmac ")
    assert disabled == 1 << 13 | 1 << 19 | 1 << 21
