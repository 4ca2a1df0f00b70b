# SPDX-License-Identifier: MIT
"""How many alerts of each rule were raised since: by the store's totals, in which none is missing.

The store counts alike alerts with one row and deletes the oldest rows, but of each signature it
keeps how many there were. So counts stay right whatever came in between; only a store that was
damaged and made anew begins afresh.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.alerts.schema import ALERTS
from appliance.notify.message_line import RuleNews
from appliance.store.reading import StoreReader

TOTALS = "SELECT id, gid, sid, message, priority, alerts + folded FROM signature"
# Of the newest rows only: what is told of a rule is an example.
NEWEST = (
    "SELECT signature, time_us, coalesce(last_us, time_us), source, source_port, destination,"
    " destination_port FROM alert WHERE id > ? ORDER BY id DESC LIMIT 2000"
)
# The kernel's times of files come in steps of some milliseconds.
SETTLED_NS = 1_000_000_000
LAST = "SELECT coalesce(max(id), 0) FROM alert"


@dataclass(frozen=True, slots=True)
class SeenTotals:
    """What was looked at: the total of each rule, and the number of the newest alert."""

    totals: Mapping[str, int] = field(default_factory=dict)
    position: int = 0


class TotalsReader:
    """Looks at the store. Raises StoreError."""

    def __init__(self, database: Path, patience: float) -> None:
        """Take the store, and for how many seconds to wait where it is locked."""
        self._reader = StoreReader(database, ALERTS, patience)
        self._files = (database, database.with_name(database.name + "-wal"))
        self._stamp: tuple[tuple[int, ...], ...] = ()

    def look(
        self, before: SeenTotals, least: int, now: float
    ) -> tuple[SeenTotals, tuple[RuleNews, ...]]:
        """Return what there is, and what is new of it; rules of less than `least` are left out.

        `now` (since the epoch) is the time of what came so fast that no row is at hand.
        """
        stamp = self._written()
        if stamp and stamp == self._stamp and before.totals and _is_settled(stamp, time.time_ns()):
            return before, ()
        with self._reader.view() as view:
            rows = view.execute(TOTALS).fetchall()
            position = int(view.execute(LAST).fetchone()[0])
            # Of a store that was made anew numbers may be smaller.
            since = min(before.position, position)
            newest = view.execute(NEWEST, (since,)).fetchall() if position > since else []
        totals: Counter[str] = Counter()
        for _, gid, sid, _, _, count in rows:
            totals[f"{gid}:{sid}"] += count
        news = _news(rows, totals, before.totals, newest, least, now)
        # Of before the look: what was written during it is looked at once more.
        self._stamp = stamp
        return SeenTotals(dict(totals), position), tuple(news)

    def _written(self) -> tuple[tuple[int, ...], ...]:
        """Return what changes whenever the store is written to."""
        found = []
        for file in self._files:
            with contextlib.suppress(OSError):
                status = file.stat()
                found.append((status.st_mtime_ns, status.st_size, status.st_ino))
        return tuple(found)


def _is_settled(stamp: tuple[tuple[int, ...], ...], now_ns: int) -> bool:
    """Tell whether the newest time is old enough for a later one to differ from it."""
    return abs(now_ns - max(each[0] for each in stamp)) > SETTLED_NS


def _news(
    rows: list[tuple[Any, ...]],
    totals: Mapping[str, int],
    before: Mapping[str, int],
    newest: list[tuple[Any, ...]],
    least: int,
    now: float,
) -> Iterator[RuleNews]:
    # The highest number is that of the newest revision.
    described = {f"{gid}:{sid}": (text, grade) for _, gid, sid, text, grade, _ in sorted(rows)}
    of_signature = {row[0]: f"{row[1]}:{row[2]}" for row in rows}
    ends: dict[str, tuple[Any, ...]] = {}
    first: dict[str, float] = {}
    for signature, time_us, last_us, *addresses in newest:
        rule = of_signature.get(signature, "")
        ends.setdefault(rule, (last_us, *addresses))
        first[rule] = max(0.0, time_us / 1e6)
    for rule, (text, grade) in described.items():
        count = totals[rule] - before.get(rule, 0)
        if count > 0 and grade <= least:
            last_us, source, port, destination, other = ends.get(
                rule, (now * 1e6, "", None, "", None)
            )
            last = max(0.0, last_us / 1e6)
            yield RuleNews(rule, text, grade, count, min(first.get(rule, last), last), last,
                           _end(source, port), _end(destination, other))  # fmt: skip


def _end(address: str, port: int | None) -> str:
    if port is None or not address:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
