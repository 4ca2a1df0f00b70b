# SPDX-License-Identifier: MIT
"""What the page asks of the console: small requests of one type."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.requests import Inbox

FOLDER = Path(os.environ.get("GLOVEBOX_CONSOLE_REQUESTS", "/run/glovebox-console/wishes"))
#: Bytes of UTF-8 that are typed at a time.
LONGEST = 500


class ConsoleWish(Enum):
    """What is wanted: to LOOK for lines, OPEN one, TAKE it over, TYPE, BREAK or CLOSE."""

    LOOK = "look"
    OPEN = "open"
    TAKE = "take"
    TYPE = "type"
    BREAK = "break"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class ConsoleRequest:
    """One request of the browser `holder`: a line's name (OPEN), or what was typed.

    `speed` is that of a serial line, `user` who logs in over SSH.
    """

    kind: ConsoleWish
    holder: str = ""
    port: str = ""
    speed: int = 115200
    text: str = ""
    user: str = ""


def inbox(folder: Path = FOLDER) -> Inbox[ConsoleRequest]:
    """Return the inbox of glovebox-console."""
    return Inbox(folder, ConsoleRequest)
