# SPDX-License-Identifier: MIT
"""Alike alerts as one row: of one rule, from one source to one target. Pure.

However many there are, the rows are few: of a rule with too many pairs, and where there are too
many rows in all, the oldest are added up in one row of the rule that names no addresses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

HOUR_US = 3_600_000_000
MOST_ROWS, MOST_OF_RULE = 10_000, 1_000
# So much goes at once where there is too much: not each time a little.
SLACK = 10
MOST_HOURS, MOST_PORTS = 48, 12
GRAVE = 1
MOST_COUNT = (1 << 32) - 1


class AlikeKey(NamedTuple):
    """What alike alerts share; without addresses, those of the rule that have no row."""

    gid: int
    sid: int
    source: str
    destination: str

    @property
    def is_rest(self) -> bool:
        """Whether it stands for pairs that are not told apart any more."""
        return not self.source and not self.destination

    @property
    def rest(self) -> AlikeKey:
        """Return the row in which those of the same rule are added up."""
        return AlikeKey(self.gid, self.sid, "", "")


class StoredAlert(NamedTuple):
    """One stored alert: `alerts` are it and what was counted with it, `last_us` of the last."""

    id: int
    time_us: int
    key: AlikeKey
    rev: int
    message: str
    classification: str
    priority: int
    protocol: str
    port: int | None
    engine: str
    alerts: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Alike:
    """A row: what the newest of them says, how many there are, and when they came.

    Times in microseconds since 1970. `ports` are those of the target, at most `MOST_PORTS`;
    `hours` how many came in which hour (its number since 1970), the newest `MOST_HOURS` of them.
    """

    key: AlikeKey
    rev: int
    message: str
    classification: str
    priority: int
    protocol: str
    engine: str
    alerts: int
    first_us: int
    last_us: int
    first_id: int
    last_id: int
    ports: tuple[int, ...] = ()
    hours: tuple[tuple[int, int], ...] = ()

    @property
    def has_more_ports(self) -> bool:
        """Whether there may be ports that are not named."""
        return len(self.ports) >= MOST_PORTS

    def within(self, since_us: int, until_us: int) -> int:
        """Return how many came from the hour of `since_us` to before `until_us`, as far as known.

        What is older than its `hours` counts where all of it is within.
        """
        if since_us <= self.first_us and self.last_us < until_us:
            return self.alerts
        first, end = since_us // HOUR_US, -(-until_us // HOUR_US)
        return sum(count for hour, count in self.hours if first <= hour < end)


Rows = dict[AlikeKey, Alike]


@dataclass
class RowChange:
    """What came of new alerts: rows that are new or changed, and those that are gone."""

    changed: set[AlikeKey] = field(default_factory=set)
    gone: set[AlikeKey] = field(default_factory=set)


def absorb(rows: Rows, alerts: Iterable[StoredAlert]) -> set[AlikeKey]:
    """Add alerts, in the order of their numbers, to the rows; return which rows changed."""
    by_key: dict[AlikeKey, list[StoredAlert]] = defaultdict(list)
    for alert in alerts:
        by_key[alert.key].append(alert)
    for key, found in by_key.items():
        fresh = _of(key, found)
        old = rows.get(key)
        rows[key] = fresh if old is None else joined(old, fresh)
    return set(by_key)


def add_later(rows: Rows, key: AlikeKey, alerts: int, last_us: int) -> set[AlikeKey]:
    """Add alerts that were counted with one that has been added; return which row changed."""
    place = key if key in rows else key.rest
    if place not in rows:
        return set()
    row = rows[place]
    hours = _newest(Counter(dict(row.hours)) + Counter({last_us // HOUR_US: alerts}))
    last = max(row.last_us, last_us)
    rows[place] = replace(row, alerts=row.alerts + alerts, last_us=last, hours=hours)
    return {place}


def trim(rows: Rows, most: int = MOST_ROWS, most_of_rule: int = MOST_OF_RULE) -> RowChange:
    """Add up the oldest rows where there are too many; return what changed."""
    change = RowChange()
    of_rule: dict[AlikeKey, list[AlikeKey]] = defaultdict(list)
    for key in rows:
        if not key.is_rest:
            of_rule[key.rest].append(key)
    for keys in of_rule.values():
        if len(keys) > most_of_rule:
            _add_up(rows, _oldest(rows, keys, most_of_rule), change)
    if len(rows) > most:
        _add_up(rows, _oldest(rows, [key for key in rows if not key.is_rest], most), change)
    return change


def joined(old: Alike, new: Alike) -> Alike:
    """Return both as one row; what it says is what the newer one says."""
    latest = new if new.last_id >= old.last_id else old
    ports = tuple(dict.fromkeys((*old.ports, *new.ports)))[:MOST_PORTS]
    return replace(
        latest,
        alerts=old.alerts + new.alerts,
        first_us=min(old.first_us, new.first_us),
        last_us=max(old.last_us, new.last_us),
        first_id=min(old.first_id, new.first_id),
        last_id=max(old.last_id, new.last_id),
        ports=ports,
        hours=_newest(Counter(dict(old.hours)) + Counter(dict(new.hours))),
    )


def _of(key: AlikeKey, found: Sequence[StoredAlert]) -> Alike:
    last = found[-1]
    hours: Counter[int] = Counter()
    for alert in found:
        hours[alert.time_us // HOUR_US] += alert.alerts
    ports = dict.fromkeys(alert.port for alert in found if alert.port is not None)
    return Alike(
        key=key,
        rev=last.rev,
        message=last.message,
        classification=last.classification,
        priority=last.priority,
        protocol=last.protocol,
        engine=last.engine,
        alerts=sum(alert.alerts for alert in found),
        first_us=min(alert.time_us for alert in found),
        last_us=max(alert.last_us for alert in found),
        first_id=found[0].id,
        last_id=last.id,
        ports=tuple(ports)[:MOST_PORTS],
        hours=_newest(hours),
    )


def _newest(hours: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((hour, min(count, MOST_COUNT)) for hour, count in hours.items()))[
        -MOST_HOURS:
    ]


def _oldest(rows: Rows, keys: Sequence[AlikeKey], most: int) -> list[AlikeKey]:
    """Return which of the keys go so that there is room again; what is grave goes last."""
    surplus = len(keys) - most + most // SLACK
    order = sorted(keys, key=lambda key: (rows[key].priority <= GRAVE, rows[key].last_id))
    return order[:surplus]


def _add_up(rows: Rows, keys: Iterable[AlikeKey], change: RowChange) -> None:
    for key in keys:
        row = replace(rows.pop(key), key=key.rest, ports=())
        rest = rows.get(key.rest)
        rows[key.rest] = row if rest is None else joined(rest, row)
        change.gone.add(key)
        change.changed.discard(key)
        change.changed.add(key.rest)
