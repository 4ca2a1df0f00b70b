# SPDX-License-Identifier: MIT
"""For how long after the machine was switched on the first password can be set.

Whoever sets it must stand before the machine: who comes too late pulls the plug and puts it in
again, which nobody can do over the network. A code on the card would prove the same, but costs the
owner a card reader. The folder is in memory, so a restart of the page opens nothing anew.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from appliance.host import clocks

OPEN_S = 1800.0
NAME = "web-opened"


class Opening:
    """Knows how long it is still open. Times are seconds since the boot."""

    def __init__(self, directory: Path) -> None:
        """Begin now, unless a file in `directory` says that it began before."""
        self._began = clocks.boottime()
        with contextlib.suppress(OSError, ValueError):
            self._began = _earlier(directory / NAME, self._began)

    def left(self) -> float:
        """Return the seconds that are left; 0.0 where it is over."""
        return max(0.0, self._began + OPEN_S - clocks.boottime())


def _earlier(file: Path, now: float) -> float:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(file, flags, 0o600), "r+b", buffering=0) as stream:
        if os.fstat(stream.fileno()).st_uid != os.geteuid():
            return now
        found = stream.read(32)
        if not found:
            stream.write(f"{now:.3f}".encode())
            return now
    return min(now, float(found))
