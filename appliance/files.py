# SPDX-License-Identifier: MIT
"""Files that are there whole or not at all.

`write_whole` is for /run, which is gone with the power anyway; `write_durable` and `create_durable`
are for the card, whenever the power goes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".new"
# A temporary file as old as this was left by a power cut: nobody writes for so long.
LEFT_BEHIND_S = 600.0


def write_whole(file: Path, content: bytes | str, mode: int) -> None:
    """Replace `file`: readers see the old one or the new one, never half. Raises OSError.

    Text is written as UTF-8; the file has `mode`, whatever the umask.
    """
    with _written(file, content, mode, durable=False) as temporary:
        os.replace(temporary, file)


def write_durable(file: Path, content: bytes | str | Iterator[bytes], mode: int) -> None:
    """Replace `file` like `write_whole`, and return when it is on the disk. Raises OSError.

    What comes in pieces is written as it comes.
    """
    _clear(file)
    with _written(file, content, mode, durable=True) as temporary:
        os.replace(temporary, file)
    sync(file.parent)


def create_durable(file: Path, content: bytes | str, mode: int) -> None:
    """Make `file` like `write_durable`, but replace nothing. Raises FileExistsError, OSError."""
    _clear(file)
    with _written(file, content, mode, durable=True) as temporary:
        # A link fails where the name is taken, which os.replace does not.
        os.link(temporary, file)
    sync(file.parent)


def change_in_place(target: Path, content: bytes) -> None:
    """Change the few bytes that differ, in one write: FAT has no moment in which a name is safe.

    They are within a sector, which a card writes whole or not at all. Raises OSError for a file of
    another length, which this is not for.
    """
    with target.open("r+b", buffering=0) as stream:
        before = stream.read(len(content) + 1)
        if len(before) != len(content):
            raise OSError(errno.EINVAL, "it has changed meanwhile")
        places = [place for place, byte in enumerate(content) if before[place] != byte]
        if places:
            first, last = places[0], places[-1] + 1
            os.pwrite(stream.fileno(), content[first:last], first)
            os.fsync(stream.fileno())


def remove(file: Path) -> None:
    """Remove `file`, on the disk too; one that is not there is fine. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
        sync(file.parent)


def sync(folder: Path) -> None:
    """Bring the names in `folder` to the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _written(
    file: Path, content: bytes | str | Iterator[bytes], mode: int, durable: bool
) -> Iterator[Path]:
    """Write a temporary file beside `file`; whatever happens, it is gone afterwards."""
    temporary = file.with_name(f".{file.name}.{os.urandom(4).hex()}{SUFFIX}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            whole = content.encode() if isinstance(content, str) else content
            stream.writelines((whole,) if isinstance(whole, bytes) else whole)
            stream.flush()
            os.fchmod(descriptor, mode)
            if durable:
                os.fsync(descriptor)
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _clear(file: Path) -> None:
    """Remove the temporary files that power cuts left of `file`: they may hold secrets."""
    for name in os.listdir(file.parent):
        if name.startswith(f".{file.name}.") and name.endswith(SUFFIX):
            left = file.with_name(name)
            with contextlib.suppress(OSError):
                # Without a clock the time may also be ahead of now.
                if abs(time.time() - left.lstat().st_mtime) > LEFT_BEHIND_S:
                    left.unlink()
