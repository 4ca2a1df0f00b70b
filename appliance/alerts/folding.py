# SPDX-License-Identifier: MIT
"""Which alerts get a row of their own, and which are only counted with one like them. Pure.

A million cheap alerts would push everything else out of the store, and hold up the grave one behind
them. Beyond the rates stated here an alert is counted with the last row of its like: that row tells
the first of them, when the last one came, and how many there were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.ids.alert import Alert

WINDOW_US = 60_000_000
# Rows of one window: of one rule between the same two addresses, of one rule, and in all; what is
# grave has no part in the last. However many come, the newest million last for 50 minutes.
MOST_ALIKE, MOST_OF_RULE, MOST_IN_ALL = 1_000, 5_000, 20_000
GRAVE = 1


@dataclass(slots=True)
class Fold:
    """What is counted with a row: how many alerts, and when the last of them came (µs)."""

    alerts: int
    last_us: int


@dataclass(slots=True)
class Folded:
    """A batch, sorted: alerts that get rows in this order, and what is added to which row."""

    rows: list[Alert] = field(default_factory=list)
    folds: dict[int, Fold] = field(default_factory=dict)
    #: For each fold the alert that stands for its rule, and how many of them were folded.
    of_rule: dict[tuple[object, ...], int] = field(default_factory=dict)


@dataclass(slots=True)
class _Like:
    """Alerts of one kind in this window: rows, and the id of the last row."""

    rows: int = 0
    last: int = 0


class Folder:
    """Sorts batch after batch. Windows follow the alerts' own times, wherever the clock is set."""

    def __init__(self) -> None:
        self._window = 0
        self._rows = 0
        self._alike: dict[tuple[object, ...], _Like] = {}
        self._of_rule: dict[tuple[object, ...], _Like] = {}

    def sort(self, alerts: Sequence[Alert], first_id: int) -> Folded:
        """Return what becomes of alerts where the first new row gets `first_id`."""
        sorted_ = Folded()
        for alert in alerts:
            self._advance(alert.time_us // WINDOW_US)
            rule = rule_of(alert)
            target = self._place(alert, rule, first_id + len(sorted_.rows))
            if target is None:
                sorted_.rows.append(alert)
            else:
                _fold(sorted_, target, rule, alert.time_us)
        return sorted_

    def _advance(self, window: int) -> None:
        # Alerts of two threads may come in the wrong order around the end of a window.
        if window > self._window or window < self._window - 1:
            self._window, self._rows = window, 0
            self._alike.clear()
            self._of_rule.clear()

    def _place(self, alert: Alert, rule: tuple[object, ...], id: int) -> int | None:
        """Return the row to count the alert with; None where it gets the row `id`."""
        of_rule = self._of_rule.get(rule)
        pair = (rule, alert.source, alert.destination)
        alike = self._alike.get(pair)
        if alike is not None and alike.rows >= MOST_ALIKE:
            return alike.last
        full = self._rows >= MOST_IN_ALL and alert.priority > GRAVE
        if of_rule is not None and (of_rule.rows >= MOST_OF_RULE or full):
            return of_rule.last
        of_rule = self._of_rule.setdefault(rule, of_rule or _Like())
        alike = self._alike.setdefault(pair, alike or _Like())
        for like in (of_rule, alike):
            like.rows, like.last = like.rows + 1, id
        self._rows += 1
        return None


def rule_of(alert: Alert) -> tuple[object, ...]:
    """Return what alerts of one signature have in common, as the store tells signatures apart."""
    return (
        *(alert.engine, alert.gid, alert.sid, alert.rev),
        *(alert.message, alert.classification or "", alert.priority),
    )


def _fold(sorted_: Folded, target: int, rule: tuple[object, ...], time_us: int) -> None:
    fold = sorted_.folds.get(target)
    if fold is None:
        sorted_.folds[target] = Fold(1, time_us)
    else:
        fold.alerts += 1
        fold.last_us = max(fold.last_us, time_us)
    sorted_.of_rule[rule] = sorted_.of_rule.get(rule, 0) + 1
