# SPDX-License-Identifier: MIT
"""File systems made from folders, and an empty one: complete, and the same bits every time."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.build import disk
from image.build.roots import SOURCE_DATE_EPOCH
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import table


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


@pytest.fixture(scope="module")
def data(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DATA partition of an image."""
    target = tmp_path_factory.mktemp("data") / "data.ext4"
    disk.make_data(tools, target, target.with_suffix(".log"))
    return target


def mapped(file: Path) -> Iterator[range]:
    """Yield what a block map would name of a file: all but its holes."""
    end, size = 0, file.stat().st_size
    with file.open("rb") as stream:
        while end < size:
            try:
                start = os.lseek(stream.fileno(), end, os.SEEK_DATA)
            except OSError:  # ENXIO: holes alone
                return
            end = os.lseek(stream.fileno(), start, os.SEEK_HOLE)
            yield range(start, end)


def copied(source: Path, target: Path, spans: Iterator[range]) -> None:
    with source.open("rb") as read, target.open("r+b") as write:
        for span in spans:
            os.pwrite(write.fileno(), os.pread(read.fileno(), len(span), span.start), span.start)


def checked(tools: Tools, file: Path) -> int:
    return subprocess.run([*tools.argv("e2fsck"), "-fn", str(file)], check=False).returncode


def test_data_is_large_and_nearly_all_of_it_holes(tools: Tools, data: Path) -> None:
    assert data.stat().st_size == 2 << 30
    assert 8 << 20 < sum(map(len, mapped(data))) < 32 << 20
    assert checked(tools, data) == 0


def test_data_is_the_same_bits(tools: Tools, data: Path, tmp_path: Path) -> None:
    disk.make_data(tools, tmp_path / "again", tmp_path / "log")
    spans = list(mapped(data))
    assert list(mapped(tmp_path / "again")) == spans
    for span in spans:
        both = [
            os.pread(stream.fileno(), len(span), span.start)
            for name in (data, tmp_path / "again")
            for stream in [name.open("rb")]
        ]
        assert both[0] == both[1]


def test_data_written_by_block_map_takes_nothing_from_what_a_card_held(
    tools: Tools, data: Path, tmp_path: Path
) -> None:
    """Old rubbish stands wherever the new file system has something, its journal among it."""
    card = tmp_path / "card"
    with card.open("wb") as stream:
        stream.truncate(data.stat().st_size)
        for span in disk.used(tools, data):
            os.pwrite(stream.fileno(), b"\xa5" * len(span), span.start)
    assert checked(tools, card) != 0
    copied(data, card, mapped(data))
    assert checked(tools, card) == 0
    for span in disk.used(tools, data):
        with card.open("rb") as stream:
            assert b"\xa5" * 4096 not in os.pread(stream.fileno(), len(span), span.start)


def test_extend_ends_a_disk_where_its_last_partition_does(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(table(2048, 8191))
    disk.extend(tmp_path / "disk")
    assert (tmp_path / "disk").stat().st_size == 8192 * 512
    (tmp_path / "disk").write_bytes(table(1) + bytes(8192))
    disk.extend(tmp_path / "disk")
    assert (tmp_path / "disk").stat().st_size == 512 + 8192
