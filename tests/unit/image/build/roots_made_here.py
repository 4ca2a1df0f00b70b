# SPDX-License-Identifier: MIT
"""Roots of a few bytes in the place of those from an archive, and a build that makes them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from image.build import boards
from image.build.context import BuildContext
from image.build.partition_table import LINUX, TABLE, TABLE_ENTRY
from image.build.roots import Root
from image.progress import StageProgress


def context(folder: Path) -> BuildContext:
    """Return a build of the `vm` board that keeps what it makes in `folder`."""
    return BuildContext(boards.choose("vm"), StageProgress(), folder=folder)


def write_tar(target: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a tar with these files by name, and return it."""
    with tarfile.open(target, "w") as tar:
        for name, text in files.items():
            content = text if isinstance(text, bytes) else text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return target


def table(*starts: int) -> bytes:
    """Return the first sector of a disk whose partitions begin at these sectors (MBR)."""
    sector = bytearray(512)
    for number, start in enumerate(starts):
        TABLE_ENTRY.pack_into(sector, TABLE + 16 * number, 0, LINUX, start, 1)
    return bytes(sector)


class Recorded:
    """Stands in for `Root.make`: writes a tar with `files` and keeps what each root was."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files, self.made = files, list[Root]()

    def __call__(self, root: Root, target: Path, log: Path) -> None:
        self.made.append(root)
        write_tar(target, self.files)
