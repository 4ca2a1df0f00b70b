# SPDX-License-Identifier: MIT
"""File systems of a card, sound and damaged, looked at from outside."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from image.build.partition_table import Part
from image.build.tools import Tools
from image.cuts.disk_check import DiskFindings, check_ext, check_fat, is_ext, take

pytestmark = pytest.mark.image


@pytest.fixture
def ext(tools: Tools, tmp_path: Path) -> Path:
    file = tmp_path / "ext"
    subprocess.run([*tools.argv("mke2fs"), "-q", "-t", "ext4", file, "16M"], check=True)
    return file


def test_take_copies_one_part(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(b"a" * 4096 + b"b" * 4096 + b"c" * 4096)
    take(tmp_path / "disk", Part(4096, 4096), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"b" * 4096


def test_check_ext_of_a_sound_one(tools: Tools, ext: Path) -> None:
    outcome = DiskFindings()
    assert is_ext(ext)
    check_ext(tools, ext, outcome)
    assert outcome == DiskFindings()


def test_check_ext_of_a_damaged_one(tools: Tools, ext: Path) -> None:
    with ext.open("r+b") as stream:
        # The root directory's own inode, in the first table of them.
        stream.seek(1 << 20)
        stream.write(bytes(range(256)) * 4096)
        stream.seek(4096 * 10)
        stream.write(b"\xff" * 65536)
    outcome = DiskFindings()
    check_ext(tools, ext, outcome)
    assert outcome.problems or outcome.repaired


def test_check_fat(tools: Tools, tmp_path: Path) -> None:
    file = tmp_path / "fat"
    file.write_bytes(bytes(40 << 20))
    subprocess.run([*tools.argv("mkfs.vfat"), "-F", "32", file], check=True, capture_output=True)
    outcome = DiskFindings()
    check_fat(tools, file, outcome)
    assert outcome == DiskFindings()
    with file.open("r+b") as stream:
        stream.seek(32 * 512)
        stream.write(b"\xf8\xff\xff\x0f\xff\xff\xff\x0f\x05\x00\x00\x00\x07\x00\x00\x00")
    check_fat(tools, file, outcome)
    assert outcome.repaired or outcome.problems
