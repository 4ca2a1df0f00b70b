# SPDX-License-Identifier: MIT
"""The inbox: which rows of alike alerts fit, in which order, how many of what kind. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.alerts.alike import HOUR_US, Alike, AlikeKey
from appliance.alerts.ends import Ends
from appliance.alerts.marks import UNMARKED, RowMark
from appliance.alerts.search import Filter
from appliance.alerts.way import Homes

NEW, SEEN, DONE = "new", "seen", "done"
STATES = {NEW: "new", SEEN: "seen", DONE: "done"}
OPEN = "open"
"""What is shown where no state is asked for: all that is not done."""
MOST_NAMED = 8
LARGEST_US = 1 << 62
_Test = Callable[["InboxItem"], bool]


class InboxItem(NamedTuple):
    """One row of the inbox with its mark; `alerts` are those within the times asked for."""

    row: Alike
    mark: RowMark
    state: str
    direction: str
    alerts: int

    @property
    def is_again(self) -> bool:
        """Whether it was done, and more of it came."""
        return self.state == NEW and self.mark.done > 0


@dataclass(frozen=True)
class SortedInbox:
    """What fits, in its order. `counts` by kind (priority, state, direction, rule, address): rows
    that fit but for what is asked of that kind, so that they tell what another choice would show.
    """

    items: Sequence[InboxItem] = ()
    alerts: int = 0
    counts: Mapping[str, Counter[object]] = field(default_factory=dict)
    names: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def most(self, kind: str) -> list[tuple[object, int]]:
        """Return the most frequent of a kind."""
        return self.counts[kind].most_common(MOST_NAMED) if kind in self.counts else []


def sort(
    rows: Iterable[Alike],
    marks: Mapping[AlikeKey, RowMark],
    wanted: Filter,
    state: str,
    homes: Homes,
) -> SortedInbox:
    """Return what fits: the grave first, among those what is new, then what came last."""
    tests = _tests(wanted, state)
    since, until = wanted.since_us or 0, wanted.until_us or LARGEST_US
    near: dict[str, list[InboxItem]] = defaultdict(list)
    found: list[InboxItem] = []
    for row in rows:
        if row.last_us < since or row.first_us >= until:
            continue
        item = _item(row, marks.get(row.key, UNMARKED), homes, since, until)
        failed = _failed(item, tests)
        if not failed:
            found.append(item)
        elif len(failed) == 1:
            near[failed[0]].append(item)
    found.sort(key=lambda item: (item.row.priority, item.state != NEW, -item.row.last_id))
    names = {item.row.key[:2]: item.row.message for item in [*found, *near["rule"]]}
    return SortedInbox(found, sum(item.alerts for item in found), _counts(found, near), names)


def state_of(row: Alike, mark: RowMark) -> str:
    """Return whether a row is new, seen or done: what came after a mark is new."""
    if mark.done >= row.last_id:
        return DONE
    return SEEN if mark.seen >= row.last_id else NEW


def bars(row: Alike, now: float, hours: int = 24) -> tuple[int, ...]:
    """Return how many came in each of the last hours, the oldest first."""
    last = int(now * 1e6) // HOUR_US
    known = dict(row.hours)
    return tuple(known.get(hour, 0) for hour in range(last - hours + 1, last + 1))


def _item(row: Alike, mark: RowMark, homes: Homes, since: int, until: int) -> InboxItem:
    direction = homes.direction(row.key.source, row.key.destination)
    alerts = row.within(since, until) if since or until < LARGEST_US else row.alerts
    return InboxItem(row, mark, state_of(row, mark), direction, alerts)


def _failed(item: InboxItem, tests: Mapping[str, _Test]) -> list[str]:
    """Return which of the tests an item does not pass, at most two of them."""
    failed: list[str] = []
    for kind, test in tests.items():
        if not test(item):
            failed.append(kind)
            if len(failed) > 1:
                break
    return failed


def _counts(
    found: list[InboxItem], near: Mapping[str, list[InboxItem]]
) -> Mapping[str, Counter[object]]:
    """Count by kind what fits, and what fits but for what is asked of that kind."""
    priorities = [min(item.row.priority, 4) for item in [*found, *near["priority"]]]
    keys = [item.row.key for item in [*found, *near["address"]] if item.row.key.source]
    ends = [key.source for key in keys]
    ends += [key.destination for key in keys if key.destination != key.source]
    return {
        "priority": Counter(priorities),
        "state": Counter([item.state for item in [*found, *near["state"]]]),
        "direction": Counter([item.direction for item in [*found, *near["direction"]]]),
        "rule": Counter([item.row.key[:2] for item in [*found, *near["rule"]]]),
        "address": Counter(ends),
    }


def _tests(wanted: Filter, state: str) -> dict[str, _Test]:
    """Return what is asked for, kind by kind."""
    tests: dict[str, _Test] = {}
    if state == OPEN:
        tests["state"] = lambda item: item.state != DONE
    elif state:
        tests["state"] = lambda item: item.state == state
    if wanted.priority is not None:
        tests["priority"] = _has_priority(wanted.priority)
    if wanted.text is not None:
        folded = wanted.text.casefold()
        tests["text"] = lambda item: folded in item.row.message.casefold()
    if wanted.sid is not None:
        tests["rule"] = _of_rule(wanted)
    if wanted.ends is not None:
        tests["address"] = _at(wanted.ends)
    if wanted.port is not None:
        port = wanted.port
        tests["port"] = lambda item: port in item.row.ports
    for side, address in (("source", wanted.source), ("destination", wanted.destination)):
        if address is not None:
            tests[side] = _is_at(side, address)
    if wanted.way is not None:
        direction = wanted.way.direction
        tests["direction"] = lambda item: item.direction == direction
    return tests


def _has_priority(priority: int) -> _Test:
    return lambda item: item.row.priority == priority


def _is_at(side: str, address: str) -> _Test:
    return lambda item: getattr(item.row.key, side) == address


def _of_rule(wanted: Filter) -> _Test:
    return lambda item: (
        item.row.key.sid == wanted.sid
        and wanted.gid in (None, item.row.key.gid)
        and wanted.rev in (None, item.row.rev)
    )


def _at(ends: Ends) -> _Test:
    """Return what tells whether source or target is asked for; a port is that of the target."""
    test = ends.test() if ends.needs_test else None

    def fits(address: str) -> bool:
        if not address:
            return False
        return test(address) if test else not ends.addresses or address in ends.addresses

    def at(item: InboxItem) -> bool:
        key = item.row.key
        if ends.port is not None:
            return ends.port in item.row.ports and fits(key.destination)
        return fits(key.source) or fits(key.destination)

    return at
