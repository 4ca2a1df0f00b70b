# SPDX-License-Identifier: MIT
"""Whether a newer version of a rule set comes into force by itself. Pure."""

from __future__ import annotations

from appliance import words

# Of a small set a few rules are much.
SMALL = 40
SHRUNK, GROWN = 0.5, 3.0


def hold(before: int, now: int) -> str:
    """Say why a set of `now` rules waits for the owner, who had `before`; empty: it does not."""
    if before < SMALL:
        return ""
    change = f"{words.number(now)} rules, {words.number(before)} before"
    if now <= SHRUNK * before:
        return f"it lost half of its rules or more: {change}"
    if now > GROWN * before:
        return f"it is more than three times as large: {change}"
    return ""
