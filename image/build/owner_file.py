# SPDX-License-Identifier: MIT
"""What the owner finds on the BOOT partition: `glovebox.toml`, with every setting commented out."""

from __future__ import annotations

from pathlib import Path

NAME = "glovebox.toml"
INTRODUCTION = """\
# Glovebox: your settings, read whenever it starts. A line that begins with # and no space is a
# setting with its default: take the # away and change the value. Nothing here can stop the sensor:
# if a line is wrong, the previous settings stay in force, and glovebox-errors.txt beside this file
# says why.
"""


def template(settings: str) -> str:
    """Return the owner's file, made of the text of `config/glovebox.toml`: nothing can drift.

    Sections stay, so that a setting works once its `#` is gone. Line ends are those of Windows,
    whose simpler editors know no others.
    """
    body = settings.partition("\n\n")[2]
    lines = [line if _is_plain(line) else f"#{line}" for line in body.splitlines()]
    return "\r\n".join([*INTRODUCTION.splitlines(), "", *lines, ""])


def _is_plain(line: str) -> bool:
    return not line or line.startswith(("#", "["))


def write(folder: Path, project: Path) -> None:
    """Write the files of the BOOT partition that every board has into the new `folder`."""
    folder.mkdir()
    settings = (project / "config" / NAME).read_text(encoding="utf-8")
    (folder / NAME).write_bytes(template(settings).encode())
