# SPDX-License-Identifier: MIT
"""Whose request is next: of those who wait, who had the least lately. Pure but for its memory.

So one host that asks without end takes its own time and nobody else's. Checks of passwords are
slow and take much memory: they stand in a line of their own, one at a time, and while they wait
they hold no thread.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from waitress.task import ThreadedTaskDispatcher

HALVE_S = 10.0  # what somebody had counts half after this time
MOST_SOURCES = 2048
MOST_WAITING = 16  # requests of one host that are read before they can be served


@dataclass
class Line:
    """Waiting tasks by source; `at_once` are served together, `each` of them of one source."""

    at_once: int
    each: int
    waiting: dict[str, deque[Any]] = field(default_factory=dict)
    running: Counter[str] = field(default_factory=Counter)
    had: Counter[str] = field(default_factory=Counter)
    halved: float = field(default_factory=time.monotonic)

    def append(self, task: Any) -> None:
        """Put a task at the end of what its source waits for."""
        self.waiting.setdefault(task.source, deque()).append(task)

    def next(self) -> str | None:
        """Return the source whose turn it is; None where nobody may be served now."""
        if self.running.total() >= self.at_once:
            return None
        free = (source for source in self.waiting if self.running[source] < self.each)
        # Among equals the one who has waited longest: dictionaries keep their order.
        return min(free, key=self.had.__getitem__, default=None)

    def take(self, source: str) -> Any:
        """Remove the first task of a source, to be served."""
        task = self.waiting[source].popleft()
        # To the end of the line, or out of it.
        rest = self.waiting.pop(source)
        if rest:
            self.waiting[source] = rest
        self._halve()
        self.had[source] += 1000
        self.running[source] += 1
        return task

    def end(self, source: str) -> None:
        """Make room where a task was served."""
        self.running -= Counter({source: 1})

    def _halve(self) -> None:
        if time.monotonic() - self.halved > HALVE_S:
            self.halved = time.monotonic()
            most = self.had.most_common(MOST_SOURCES)
            self.had = Counter({source: count // 2 for source, count in most if count > 1})


@dataclass
class ReadingOrder:
    """Whose turn it is to be read, of the connections of one host that have something to say.

    A turn of the server's loop reads what all connections bring. Were it hundreds of requests of
    one host, everybody else would wait for them there, before any line is formed. So of each host
    a few are read, those first that have waited longest; the rest stays in the kernel. `waiting`
    counts the requests of each host that were read and not yet served.
    """

    waiting: Counter[str] = field(default_factory=Counter)
    unread: dict[str, dict[Any, None]] = field(default_factory=dict)

    def is_full(self, host: str) -> bool:
        """Tell whether so much of a host waits that no more of it need be read."""
        return self.waiting[host] >= MOST_WAITING

    def may(self, connection: Any) -> bool:
        """Tell whether a connection, which knows its `host`, is read now; else it is remembered."""
        unread = self.unread.setdefault(connection.host, {})
        unread.setdefault(connection)
        places = max(0, MOST_WAITING - self.waiting[connection.host])
        first = connection in islice(unread, places)
        if first:
            self.forget(connection)
        return first

    def forget(self, connection: Any) -> None:
        """Take a connection out of the line: it was read, or it is closed."""
        unread = self.unread.get(connection.host, {})
        unread.pop(connection, None)
        if not unread:
            self.unread.pop(connection.host, None)


class FairQueue:
    """Stands in for the deque of waitress's dispatcher, whose lock is held for all calls."""

    def __init__(self, threads: int) -> None:
        # Two threads are for others, whatever one source wants.
        self.pages = Line(threads, max(1, threads - 2))
        self.checks = Line(1, 1)
        self.reading = ReadingOrder()

    def __len__(self) -> int:
        return int(any(line.next() is not None for line in (self.checks, self.pages)))

    def append(self, task: Any) -> None:
        """Put a task into its line; asked, it tells its `source`, and whether it `is_check`."""
        task.ask()
        task.line = self.checks if task.is_check else self.pages
        task.line.append(task)
        self.reading.waiting[task.host] += 1

    def popleft(self) -> Any:
        """Return the task whose turn it is. Raises IndexError where there is none."""
        for line in (self.checks, self.pages):
            source = line.next()
            if source is not None:
                task = line.take(source)
                self.reading.waiting -= Counter({task.host: 1})
                return task
        raise IndexError("nobody's turn")


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Serves tasks in threads, in the order of a FairQueue."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self.queue = FairQueue(threads)
        self.set_thread_count(threads)

    def ended(self, line: Line, source: str) -> None:
        """Note that a task was served: another one's turn may have come."""
        with self.lock:
            line.end(source)
            self.queue_cv.notify()
