# SPDX-License-Identifier: MIT
"""File systems made from folders: complete, and the same bits every time."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from image.build import disk
from image.build.roots import SOURCE_DATE_EPOCH
from image.build.tools import Tools


def fat(tools: Tools, content: Path, target: Path) -> bytes:
    disk.make_fat(tools, content, "BOOT", "12345678", 40 << 20, target, target.with_suffix(".log"))
    return target.read_bytes()


def listed(tools: Tools, image: Path) -> list[str]:
    argv = [*tools.argv("mdir"), "-i", str(image), "-/", "-b", "::"]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return sorted(line for line in output.splitlines() if not line.endswith("/"))


def test_make_fat_holds_the_folder(tools: Tools, tmp_path: Path) -> None:
    content = tmp_path / "content"
    (content / "over.lays" / "deep").mkdir(parents=True)
    for name in ("glovebox.toml", "over.lays/b.dtbo", "over.lays/deep/a"):
        (content / name).write_text(name)
    fat(tools, content, tmp_path / "boot.vfat")
    names = ["::/glovebox.toml", "::/over.lays/b.dtbo", "::/over.lays/deep/a"]
    assert listed(tools, tmp_path / "boot.vfat") == names


def test_make_fat_gives_the_same_bits(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files made in another order and zone, with other times, and the day of the build nowhere."""
    images: list[bytes] = []
    for zone, names in (("UTC", ["a", "b", "sub/c"]), ("Asia/Tokyo", ["sub/c", "b", "a"])):
        monkeypatch.setenv("TZ", zone)
        content = tmp_path / f"content-{len(images)}"
        (content / "sub").mkdir(parents=True)
        for name in names:
            (content / name).write_text(name)
            os.utime(content / name, (0, 10**9 * len(images)))
        images.append(fat(tools, content, tmp_path / f"{len(images)}.vfat"))
    assert images[0] == images[1]
    argv = [*tools.argv("mdir"), "-i", str(tmp_path / "1.vfat"), "::/sub"]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert shown.count(disk_day()) == shown.count("-") // 2 > 0


def disk_day() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(int(SOURCE_DATE_EPOCH)))
