"""The narrow door to a restart: an empty file, named after the unit.

systemd restarts units for root, or for whom polkit allows it. polkit is another daemon with an
interpreter for its rules, and being root, even without capabilities, would allow everything that
D-Bus offers. Instead `glovebox-restart@UNIT.path` waits for the file UNIT here, and its service, a
fixed command, restarts that unit. glovebox-supervisor.service lists the doors there are; there is
no other way through, and nothing to parse for whoever stands behind them.
"""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path("/run/glovebox-supervisor")


def request(unit: str, directory: Path = DIRECTORY) -> None:
    """Ask for a restart of `unit`.

    Raises OSError where that cannot be; FileExistsError says that nobody took the last request.
    """
    (directory / unit.removesuffix(".service")).touch(mode=0o644, exist_ok=False)
