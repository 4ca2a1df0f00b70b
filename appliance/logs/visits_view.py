# SPDX-License-Identifier: MIT
"""What a honeypot saw on a day, counted: passwords, users, sources, and who wanted to go where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from appliance.errors import DecodeError
from appliance.logs import visits_block
from appliance.logs.day_files import DayFile
from appliance.logs.lines.event import Login, Tunnel

T = TypeVar("T")

MOST = 10  # rows of a table
# Different ones that are counted; more of them, and the rare ones are forgotten.
MOST_DISTINCT = 20_000


@dataclass
class VisitsView:
    """Counts of one day; the texts are attackers'."""

    failed: int = 0
    succeeded: int = 0
    tunnels: int = 0
    passwords: Counter[str] = field(default_factory=Counter)
    users: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    ways: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        """Whether nobody came."""
        return not (self.failed or self.succeeded or self.tunnels)

    def add(self, event: Login | Tunnel) -> None:
        """Count an event."""
        count(self.sources, event.source)
        if isinstance(event, Tunnel):
            self.tunnels += 1
            count(self.ways, (event.source, event.port, event.host))
            return
        if event.succeeded:
            self.succeeded += 1
        else:
            self.failed += 1
        count(self.passwords, event.password)
        count(self.users, event.user)
        count(self.pairs, (event.user, event.password))


def count(counts: Counter[T], key: T) -> None:
    """Count one more; where there are too many different ones, forget the rarer half."""
    counts[key] += 1
    if len(counts) > MOST_DISTINCT:
        for each, _ in counts.most_common()[MOST_DISTINCT // 2 :]:
            del counts[each]


def events(file: DayFile) -> Iterator[tuple[int, Login | Tunnel]]:
    """Yield second and event of a day, the oldest first; what is damaged is left out."""
    for block in file.blocks():
        try:
            yield from visits_block.decode(block)
        except DecodeError:
            continue


def read(file: DayFile) -> VisitsView:
    """Return what a honeypot saw on the day of its file."""
    view = VisitsView()
    for _, event in events(file):
        view.add(event)
    return view
