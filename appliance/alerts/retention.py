# SPDX-License-Identifier: MIT
"""Which of the oldest alerts stay when the others go: the graver ones, some of each rule. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

# So many of one rule stay, by priority: half of them its first, half its last.
OF_RULE = {1: 200, 2: 20}
# All of them together: at most this share of what is kept, and never more than this.
SHARE, MOST = 10, 10_000
# Less than this no settings ask for, and whoever does wants no more than that.
LEAST = 1000


class OldAlert(NamedTuple):
    """A stored alert: its number, that of its signature, and its priority (1 is the gravest)."""

    id: int
    signature: int
    priority: int


def most(keep: int) -> int:
    """Return how many old alerts stay beside the newest `keep`."""
    return min(keep // SHARE, MOST) if keep >= LEAST else 0


def staying(old: Sequence[OldAlert], room: int) -> set[int]:
    """Return the numbers of those that stay, at most `room`, of alerts in their order."""
    by_rule: dict[int, list[OldAlert]] = defaultdict(list)
    for row in old:
        if row.priority in OF_RULE:
            by_rule[row.signature].append(row)
    chosen = [row for rows in by_rule.values() for row in _ends(rows, OF_RULE[rows[0].priority])]
    # The gravest first, and of those the newest.
    chosen.sort(key=lambda row: (row.priority, -row.id))
    return {row.id for row in chosen[:room]}


def _ends(rows: list[OldAlert], quota: int) -> list[OldAlert]:
    if len(rows) <= quota:
        return rows
    return rows[: quota // 2] + rows[-(quota - quota // 2) :]
