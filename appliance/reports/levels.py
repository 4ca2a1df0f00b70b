# SPDX-License-Identifier: MIT
"""What a check finds: how bad it is, in the owner's words, and what would help."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from appliance.reports.states import State


class Level(enum.StrEnum):
    """How bad something is, the least first; the value is the word in supervisor.json."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARN = "warn"
    FAIL = "fail"

    @property
    def severity(self) -> int:
        """Larger is worse."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found.

    `remedy` names the unit whose restart may help. `state` is what the result makes of the whole
    machine, if it decides that; a failure makes it State.TROUBLE at least.
    """

    level: Level
    words: str
    advice: str = ""
    remedy: str | None = None
    state: State | None = None


def ok(words: str, state: State | None = None) -> Result:
    """Return a good result."""
    return Result(Level.OK, words, state=state)


def unknown(words: str, state: State | None = None) -> Result:
    """Return a result that cannot tell good from bad."""
    return Result(Level.UNKNOWN, words, state=state)


def warn(words: str, advice: str, state: State | None = None) -> Result:
    """Return what someone should look at."""
    return Result(Level.WARN, words, advice, state=state)


def fail(words: str, advice: str, remedy: str | None = None, state: State | None = None) -> Result:
    """Return what does not work."""
    return Result(Level.FAIL, words, advice, remedy, state)
