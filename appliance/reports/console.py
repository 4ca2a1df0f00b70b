# SPDX-License-Identifier: MIT
"""What glovebox-console publishes: the serial lines there are, and what came over the open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class ConsoleReport(StatusFile):
    """The console at `updated` (since the epoch).

    `port` is the open line, empty for none, and `holder` the browser that may type. `text` is the
    newest of what came, as plain text; `total` counts all bytes.
    """

    NAME: ClassVar[str] = "console"

    updated: float
    ports: tuple[str, ...]
    port: str = ""
    speed: int = 0
    holder: str = ""
    text: str = ""
    total: int = 0
    error: str = ""
