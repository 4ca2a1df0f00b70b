"""Files that are there whole or not at all, whenever the power goes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Write `content` beside `file`, bring it to the disk, rename it into place. Raises OSError."""
    temporary = file.with_name(f"{file.stem}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        os.replace(temporary, file)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync(file.parent)


def remove(file: Path) -> None:
    """Remove `file`, on the disk too; one that is not there is fine. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
        sync(file.parent)


def sync(folder: Path) -> None:
    """Bring the names in `folder` to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
