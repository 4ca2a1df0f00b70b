# SPDX-License-Identifier: MIT
"""What is wrong with the settings: for other services, and as a text on BOOT for any editor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.reports import statusfile

NAME = "glovebox-errors.txt"
LONGEST = 400  # characters of one line: a hostile file cannot fill the card

HEAD = """\
Glovebox found something wrong with its settings. It runs all the same: for what is named here,
the previous settings stay in force. Correct it on this partition and start Glovebox again; this
file is removed once all is right.
"""


def text(problems: Sequence[str]) -> bytes:
    """Return the file that names each problem; empty where there is none."""
    if not problems:
        return b""
    lines = [*HEAD.splitlines(), "", *(f"- {_line(problem)}" for problem in problems), ""]
    return "\r\n".join(lines).encode("utf-8", "replace")


def problems(directory: Path = statusfile.RUNTIME_DIRECTORY) -> tuple[str, ...]:
    """Return what `glovebox settings` published as wrong; nothing where it did not run."""
    told = (statusfile.read("settings", directory) or {}).get("problems", [])
    return tuple(map(str, told)) if isinstance(told, list) else ()


def _line(problem: str) -> str:
    plain = " ".join(problem.split())
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
