# SPDX-License-Identifier: MIT
"""Write back to BOOT: what is wrong, and files without their secrets.

The unit opens BOOT for writing around this; a FAT that is full, corrupt or write-protected costs
only the text on it, and is told like any other problem.
"""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

from appliance import files
from appliance.reports import statusfile

# What the firmware hands to the kernel: without it, or with half of it, nothing starts.
COMMAND_LINE = "cmdline.txt"

log = logging.getLogger(__name__)


def main(outbox: Path, boot: Path, directory: Path = statusfile.RUNTIME_DIRECTORY) -> int:
    """Bring each file of `outbox` to `boot`; an empty one stands for a file to be removed."""
    problems = []
    for source in sorted(outbox.iterdir()):
        try:
            _bring(source.read_bytes(), boot / source.name)
        except OSError as error:
            problems.append(f"{source.name} cannot be written to BOOT: {error.strerror}")
        else:
            source.unlink()
    for problem in problems:
        log.warning("%s", problem)
    if problems:
        known = statusfile.read("settings", directory) or {}
        told = [*known.get("problems", []), *problems]
        statusfile.publish("settings", {**known, "problems": told}, directory)
    return 0


def _bring(content: bytes, target: Path) -> None:
    if target.name == COMMAND_LINE:
        _change_in_place(target, content)
    elif content:
        files.write_durable(target, content, 0o600)
    else:
        files.remove(target)


def _change_in_place(target: Path, content: bytes) -> None:
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
