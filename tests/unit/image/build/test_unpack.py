# SPDX-License-Identifier: MIT
"""Roots unpacked, and their programs started in place."""

from __future__ import annotations

import tarfile
from pathlib import Path

from image.build.unpack import unpack, unpack_programs
from tests.unit.image.build.roots_made_here import write_tar


def test_unpack_leaves_device_nodes_out(tmp_path: Path) -> None:
    packed = write_tar(tmp_path / "root.tar", {"./etc/hosts": "here\n"})
    with tarfile.open(packed, "a") as tar:
        node = tarfile.TarInfo("./dev/null")
        node.type, node.devmajor, node.devminor = tarfile.CHRTYPE, 1, 3
        tar.addfile(node)
    unpack(packed, tmp_path / "root", tmp_path / "log")
    assert (tmp_path / "root/etc/hosts").read_text() == "here\n"
    assert not (tmp_path / "root/dev/null").exists()


def test_unpack_programs_makes_those_that_are_named(tmp_path: Path) -> None:
    packed = write_tar(
        tmp_path / "root.tar", {"./usr/bin/wanted": "", "./usr/bin/other": "", "./usr/sbin/mke": ""}
    )
    (tmp_path / "programs").write_text("wanted\nmke\n")
    unpack_programs(packed, tmp_path / "programs", tmp_path / "root", tmp_path / "log")
    run = tmp_path / "root" / "run"
    assert sorted(file.name for file in run.iterdir()) == ["mke", "programs", "wanted"]
    assert "usr/sbin/mke" in (run / "mke").read_text()
