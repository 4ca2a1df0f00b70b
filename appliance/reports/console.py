# SPDX-License-Identifier: MIT
"""What glovebox-console publishes: the serial lines there are, and what came over the open one."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class ConsoleReport(StatusFile):
    """The console at `updated` (since the epoch).

    `port` is the open line, empty for none, and `holder` the browser that may type. `came` is the
    newest of what came, in base64, and `total` counts all bytes.
    """

    NAME: ClassVar[str] = "console"

    updated: float
    ports: tuple[str, ...]
    port: str = ""
    speed: int = 0
    holder: str = ""
    came: str = ""
    total: int = 0
    error: str = ""

    @property
    def octets(self) -> bytes:
        """The newest of what came, as it came; nothing where the file is damaged."""
        try:
            return base64.b64decode(self.came, validate=True)
        except ValueError:
            return b""
