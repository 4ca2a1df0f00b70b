# SPDX-License-Identifier: MIT
"""What a build hands out: the compressed image, its block map, checksums, records, Imager's entry.

All of it stands in one folder, named after the version, the board and the flavour; the same image
gives the same files, bit by bit, but for the entry, which names the place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from image.build.roots import SOURCE_DATE_EPOCH
from image.build.tools import Tools
from image.command import run

CHUNK = 1 << 20
# Measured on libraries of the image: an eighth smaller than with -2, in 2.3 times its time;
# stronger settings save 1 % more.
XZ = ("--compress", "--format=xz", "--check=sha256", "-5")

MANIFEST = ".rpi-imager-manifest"
# As Raspberry Pi's own list calls them.
DEVICES = ["pi5-64bit", "pi4-64bit", "pi3-64bit"]


@dataclass(frozen=True)
class FileSummary:
    """Size in bytes and SHA-256 (hex) of a file."""

    size: int
    sha256: str


def summary(file: Path) -> FileSummary:
    """Read a file and return its size and checksum."""
    with file.open("rb") as stream:
        return FileSummary(file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())


def compress(tools: Tools, disk: Path, target: Path, log: Path) -> None:
    """Write the image as .xz; how many cores there are leaves no trace in it (xz(1), -T+1)."""
    source = target.with_suffix("")
    source.unlink(missing_ok=True)
    # The stages may be on another file system.
    source.symlink_to(disk.resolve())
    try:
        run(
            [
                *tools.argv("xz"),
                *XZ,
                f"--threads=+{os.cpu_count() or 1}",
                "--keep",
                "--force",
                source,
            ],
            log,
        )
    finally:
        source.unlink()


def block_map(tools: Tools, disk: Path, target: Path, log: Path) -> None:
    """Write which blocks of the image hold anything, with their checksums, for bmaptool."""
    run(
        [
            *tools.argv("python3"), tools.root / "usr/bin/bmaptool", "create", "--output", target,
            disk,
        ],
        log,
        {**tools.environment, "PYTHONHOME": str(tools.root / "usr")},
    )  # fmt: skip


def checksums(folder: Path) -> str:
    """Return SHA256SUMS of a folder's files, as `sha256sum --check` reads it.

    Imager's list is left out: it names the place where the image lies.
    """
    files = sorted(
        file for file in folder.iterdir() if file.name != "SHA256SUMS" and file.suffix != MANIFEST
    )
    return "".join(f"{summary(file).sha256}  {file.name}\n" for file in files)


def manifest(name: str, description: str, disk: FileSummary, archive: Path, url: str) -> str:
    """Return the list for Raspberry Pi Imager, which then offers to set things before writing.

    `url` is where the archive will be: Imager takes no other than an absolute one. It shows an
    image only for devices that the list names, and goes on only from one of them. All versions
    write cloud-init's files; 1.x takes what it does not know for a script of its own.
    """
    packed = summary(archive)
    released = datetime.fromtimestamp(int(SOURCE_DATE_EPOCH), UTC).date().isoformat()
    device: Mapping[str, Any] = {
        "name": "Raspberry Pi 3, 4, 5 or Zero 2 W",
        "description": "What this image runs on",
        "tags": DEVICES,
        "default": True,
        "icon": "",
        "matching_type": "exclusive",
        "capabilities": [],
    }
    entry: Mapping[str, Any] = {
        "name": name,
        "description": description,
        "url": url,
        "icon": "",
        "extract_size": disk.size,
        "extract_sha256": disk.sha256,
        "image_download_size": packed.size,
        "image_download_sha256": packed.sha256,
        "release_date": released,
        "architecture": "armv8",
        "devices": DEVICES,
        "init_format": "cloudinit",
    }
    return json.dumps({"imager": {"devices": [device]}, "os_list": [entry]}, indent=1) + "\n"


def replace_folder(made: Path, target: Path) -> None:
    """Put a folder that is whole in the place of an older one."""
    if target.exists():
        shutil.rmtree(target)
    os.replace(made, target)
