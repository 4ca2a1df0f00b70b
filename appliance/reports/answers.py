# SPDX-License-Identifier: MIT
"""What the routers answered to what the owner asked on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class RouterAnswer:
    """What a router answered to `command` at `time` (since the epoch), as plain lines."""

    router: str
    command: str
    time: float
    lines: tuple[str, ...]
    failed: bool


@dataclass(frozen=True, slots=True)
class AnswersReport(StatusFile):
    """The last answer of each router that was asked."""

    NAME: ClassVar[str] = "router-answers"

    answers: tuple[RouterAnswer, ...]

    def together(self) -> list[tuple[str, tuple[RouterAnswer, ...]]]:
        """Return the answers by what was asked, the newest question first."""
        newest = sorted(self.answers, key=lambda each: -each.time)
        commands = dict.fromkeys(each.command for each in newest)
        return [
            (command, tuple(each for each in self.answers if each.command == command))
            for command in commands
        ]
