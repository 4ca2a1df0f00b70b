# SPDX-License-Identifier: MIT
"""`python -m tests.bench.worst_lines [SECONDS]`: searches for lines of logs that take long to read.

It begins with the lines of `tests/unit/logs/lines/test_meaning.py` and those that are known, and
changes the slowest ones: pieces are put in, doubled and left out. What counts is CPU time for a
kilobyte of a line of at least one; each candidate has the least of several times.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from typing import NamedTuple

from appliance.errors import DecodeError
from appliance.logs.lines.framing import LONGEST
from appliance.logs.lines.meaning import understand
from tests.unit.logs.conftest import a_line
from tests.unit.logs.lines.test_meaning import FORGED, PIECE_TEXTS, WORST

SECONDS, KEPT, SHOWN, TRIES, LAST_TRIES = 120.0, 24, 5, 5, 2000
COWRIE = {
    "eventid": "cowrie.login.failed", "src_ip": "198.51.100.7", "session": "a1b2c3",
    "username": "root", "password": "x",
}  # fmt: skip
NAMES = ("username", "password")


class Slow(NamedTuple):
    """A line, and its CPU microseconds for each kilobyte."""

    cost: float
    line: str


def cost(line: str, tries: int = TRIES) -> float:
    """Return the CPU microseconds a kilobyte of a line; a short one counts as a kilobyte."""
    least = min(_once(line) for _ in range(tries))
    return least * 1e6 / max(len(line.encode("utf-8", "replace")) / 1024, 1.0)


def _once(line: str) -> float:
    begin = time.thread_time()
    with contextlib.suppress(DecodeError):
        understand(line)
    return time.thread_time() - begin


def seeds() -> list[str]:
    """Return lines to begin with."""
    return [
        *WORST.values(), a_line(), FORGED, json.dumps(COWRIE), repr(COWRIE),
        json.dumps(COWRIE | {"password": "é\U0001f600" * 1000}, ensure_ascii=False),
        repr(COWRIE | {"password": "\x07" * 2000}), json.dumps([COWRIE] * 60),
        json.dumps(COWRIE | dict.fromkeys(NAMES, "\x85" * 256), ensure_ascii=False),
        repr(COWRIE | dict.fromkeys(NAMES, "\x07'\u202e" * 80)),
        *(piece * (LONGEST // len(piece)) for piece in PIECE_TEXTS),
    ]  # fmt: skip


def changed(line: str, other: str, chance: random.Random) -> str:
    """Return a line that is a little different."""
    at, end = sorted(chance.randrange(len(line) + 1) for _ in range(2))
    piece = chance.choice(PIECE_TEXTS)
    match chance.randrange(5):
        case 0:
            made = line[:at] + piece + line[at:]
        case 1:
            made = line[:at] + piece * chance.randrange(1, 2000) + line[at:]
        case 2:
            made = line[:at] + line[end:]
        case 3:
            made = line[:end] + line[at:]
        case _:
            made = line[:at] + other[chance.randrange(len(other) + 1) :]
    while len(made.encode("utf-8", "replace")) > LONGEST:
        made = made[: len(made) * 9 // 10]
    return made


def search(seconds: float, chance: random.Random) -> list[Slow]:
    """Return the slowest lines found, the slowest first."""
    best = sorted((Slow(cost(line), line) for line in seeds()), reverse=True)[:KEPT]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        line = changed(chance.choice(best).line, chance.choice(best).line, chance)
        if not line or any(line == each.line for each in best):
            continue
        best = sorted([*best, Slow(cost(line), line)], reverse=True)[:KEPT]
    # What another process disturbed is measured again.
    last = (Slow(cost(each.line, LAST_TRIES), each.line) for each in best)
    return sorted(last, reverse=True)


def main(argv: list[str]) -> int:
    """Search and print."""
    for found in search(float(argv[0]) if argv else SECONDS, random.Random(1))[:SHOWN]:
        print(f"{found.cost:6.1f} µs/KB, {len(found.line)} characters: {found.line[:100]!a}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
