# SPDX-License-Identifier: MIT
"""glovebox-rules.txt: what became of the owner's rules, on BOOT, for any editor."""

from __future__ import annotations

from pathlib import Path

from appliance import requests
from appliance.reports.rules import RulesReport

NAME = "glovebox-rules.txt"
OUTBOX = "outbox"
LONGEST = 400  # characters of one line: a hostile file cannot fill the card

TAIL = (
    "",
    "This is of the last start. Correct your files in the folder rules, and start Glovebox again.",
    "On a PC, `glovebox rules check FILE` says the same of a file.",
)


def text(told: RulesReport) -> bytes:
    """Return the file; empty where the owner has given nothing: then there is none."""
    if told.is_empty:
        return b""
    lines = ["Glovebox and your rules", "", *told.lines(), *TAIL, ""]
    return "\r\n".join(_line(line) for line in lines).encode("utf-8", "replace")


def lay_out(told: RulesReport, directory: Path, boot: Path = requests.BOOT) -> None:
    """Leave in the outbox what BOOT should say, if it says something else. Raises OSError."""
    outbox = directory / OUTBOX
    if not outbox.is_dir():
        return
    requests.for_boot(NAME, text(told), outbox, boot)


def _line(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
