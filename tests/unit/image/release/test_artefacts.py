# SPDX-License-Identifier: MIT
"""What a build hands out, made of a small disk with the build's own programs."""

from __future__ import annotations

import hashlib
import json
import lzma
import subprocess
from pathlib import Path

import pytest

from image.build.tools import Tools
from image.flash import parse_map
from image.release.artefacts import block_map, checksums, compress, manifest, summary


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    file = tmp_path / "disk.img"
    with file.open("wb") as stream:
        stream.write(bytes(range(256)) * 64)
        stream.seek(8 << 20)
        stream.write(b"end" * 4096)
        stream.truncate(16 << 20)
    return file


def test_compress_is_undone_by_xz(tools: Tools, disk: Path, tmp_path: Path) -> None:
    compress(tools, disk, tmp_path / "x.img.xz", tmp_path / "log")
    assert lzma.decompress((tmp_path / "x.img.xz").read_bytes()) == disk.read_bytes()
    assert not (tmp_path / "x.img").exists()


def test_block_map_covers_what_the_disk_holds(tools: Tools, disk: Path, tmp_path: Path) -> None:
    block_map(tools, disk, tmp_path / "x.bmap", tmp_path / "log")
    parsed = parse_map((tmp_path / "x.bmap").read_text())
    assert parsed.size == 16 << 20
    content = disk.read_bytes()
    for start, length, digest in parsed.ranges:
        assert hashlib.sha256(content[start : start + length]).hexdigest() == digest
    mapped = sum(length for _, length, _ in parsed.ranges)
    assert 28672 <= mapped <= 40960


def test_checksums_are_what_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    (tmp_path / "SHA256SUMS").write_text(checksums(tmp_path))
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_checksums_leave_out_what_names_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "x.rpi-imager-manifest").write_text("{}")
    assert checksums(tmp_path) == ""


URL = "file:///home/anna/out/x.img.xz"


def test_manifest_has_what_imager_checks(disk: Path, tmp_path: Path) -> None:
    archive = tmp_path / "x.img.xz"
    archive.write_bytes(b"packed")
    (entry,) = json.loads(manifest("Glovebox", "A sensor.", summary(disk), archive, URL))["os_list"]
    assert entry["extract_size"] == 16 << 20
    assert entry["extract_sha256"] == hashlib.sha256(disk.read_bytes()).hexdigest()
    assert entry["image_download_size"] == 6


def test_manifest_can_be_gone_on_with_in_imager(disk: Path, tmp_path: Path) -> None:
    """Tried by hand with 2.0.11: no device chosen, no further; an address without scheme, no image;
    and 1.8 writes cloud-init's files where a list asks for them.
    """
    archive = tmp_path / "x.img.xz"
    archive.write_bytes(b"packed")
    whole = json.loads(manifest("Glovebox", "A sensor.", summary(disk), archive, URL))
    (device,), (entry,) = whole["imager"]["devices"], whole["os_list"]
    assert device["default"] is True
    assert set(device["tags"]) & set(entry["devices"])
    assert entry["url"] == URL
    assert entry["init_format"] == "cloudinit"
