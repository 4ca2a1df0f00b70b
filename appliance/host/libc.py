# SPDX-License-Identifier: MIT
"""The C library, for system calls that Python does not know; errors as it raises them itself."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

# Whoever calls a function declares its argtypes.
LIBRARY = ctypes.CDLL(None, use_errno=True)


def checked(result: int, call: str, path: Path | None = None) -> int:
    """Return what a call returned. Raises OSError where it failed, about `path` if it is given."""
    if result >= 0:
        return result
    number = ctypes.get_errno()
    if path is None:
        raise OSError(number, f"{call}: {os.strerror(number)}")
    raise OSError(number, os.strerror(number), str(path))
