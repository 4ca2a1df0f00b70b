# SPDX-License-Identifier: MIT
"""Whether a new version of a list comes into force by itself. Pure.

A list that was cut off on its way, or that somebody filled with half of the Internet, differs much
from the one before; which of both is right, only the owner knows.
"""

from __future__ import annotations

from appliance import words
from appliance.reports.intel import ListFacts

# Of short lists a few entries are much.
SHORT = 100
SHRUNK, GROWN = 0.5, 1.5


def hold(before: ListFacts | None, now: ListFacts, agreed: str) -> str:
    """Say why a list waits for the owner; empty where it does not.

    `agreed` is the digest that the owner agreed to.
    """
    if before is None or now.digest in (before.digest, agreed) or before.entries < SHORT:
        return ""
    change = f"{words.number(now.entries)} entries, {words.number(before.entries)} before"
    if now.entries < SHRUNK * before.entries:
        return f"it lost more than half: {change}"
    if now.entries > GROWN * before.entries:
        return f"it grew by more than half: {change}"
    return ""
