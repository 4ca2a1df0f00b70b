# SPDX-License-Identifier: MIT
"""What starts a board from its BOOT partition: kernel, initrd, device trees, firmware, settings.

Which files is written in the board's `boot.txt`: a pattern of where a file is in the root, and what
it is called on BOOT; without a second word it keeps its name. `boot/` of board and flavour holds
what comes from us.
"""

from __future__ import annotations

import fnmatch
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from appliance.errors import InputError
from image.build.boards import Board
from image.build.cache import walk


def write(folder: Path, packages: Path, board: Board) -> None:
    """Write the files into `folder`. Raises InputError where the tar `packages` lacks one."""
    wanted = list(_wanted(board))
    missing = {pattern for pattern, _ in wanted if "overlays" not in pattern}
    with tarfile.open(packages) as tar:
        for member in tar:
            for pattern, name in wanted:
                if member.isfile() and matches(member.name, pattern):
                    missing.discard(pattern)
                    _take(tar, member, folder / place(member.name, name))
    if missing:
        raise InputError(f"the packages of {board.title} have no {', '.join(sorted(missing))}")
    for own in (board.folder / "boot", board.folder / board.flavour / "boot"):
        for file in sorted(walk(own)):
            shutil.copyfile(file, folder / file.relative_to(own))
    if wanted:
        (folder / "cmdline.txt").write_text(board.command_line + "\n")


def matches(member: str, pattern: str) -> bool:
    """Tell whether a tar's member is what a pattern means; `*` does not reach over a `/`."""
    parts, wanted = PurePosixPath(member).parts, PurePosixPath(pattern).parts
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def place(member: str, name: str) -> str:
    """Return what a member is called on BOOT; a `name` that ends with / is a folder for it."""
    own = PurePosixPath(member).name
    return f"{name}{own}" if name.endswith("/") else name or own


def _wanted(board: Board) -> Iterator[tuple[str, str]]:
    file = board.folder / "boot.txt"
    for line in file.read_text().splitlines() if file.exists() else ():
        words = line.partition("#")[0].split()
        if words:
            yield words[0], words[1] if len(words) > 1 else ""


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None, f"{member.name} is no file"
    with source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
