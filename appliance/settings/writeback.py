# SPDX-License-Identifier: MIT
"""Write back to BOOT: what is wrong, and files without their secrets.

The unit opens BOOT for writing around this; a FAT that is full, corrupt or write-protected costs
only the text on it, and is told like any other problem.
"""

from __future__ import annotations

import logging
from pathlib import Path

from appliance import files
from appliance.host import systems
from appliance.reports import statusfile

# What the firmware hands to the kernel, by the name that stands for it in the outbox, which has no
# folders. Without it, or with half of it, nothing starts.
COMMAND_LINES = {place.replace("/", "-"): place for place in systems.COMMAND_LINES}

log = logging.getLogger(__name__)


def main(outbox: Path, boot: Path, directory: Path = statusfile.RUNTIME_DIRECTORY) -> int:
    """Bring each file of `outbox` to `boot`; an empty one stands for a file to be removed."""
    problems = []
    for source in sorted(outbox.iterdir()):
        try:
            _bring(source.read_bytes(), boot, source.name)
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


def _bring(content: bytes, boot: Path, name: str) -> None:
    if name in COMMAND_LINES:
        files.change_in_place(boot / COMMAND_LINES[name], content)
    elif content:
        files.write_durable(boot / name, content, 0o600)
    else:
        files.remove(boot / name)
