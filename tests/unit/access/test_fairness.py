# SPDX-License-Identifier: MIT
"""Whose request is next."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.access import fairness
from appliance.access.fairness import Dispatcher, FairQueue, Line, ReadingOrder

DEADLINE = 60.0


@dataclass(eq=False)
class Task:
    """What a connection is to the queue."""

    source: str
    is_check: bool = False
    line: Line | None = None

    @property
    def host(self) -> str:
        return self.source

    def ask(self) -> None:
        pass


def order(queue: FairQueue, count: int) -> list[str]:
    """Serve one task after the other; return whose they were."""
    found = []
    for _ in range(count):
        task = queue.popleft()
        found.append(task.source)
        task.line.end(task.source)
    return found


def test_who_had_least_is_next() -> None:
    queue = FairQueue(4)
    for _ in range(300):
        queue.append(Task("greedy"))
    assert order(queue, 50) == ["greedy"] * 50
    queue.append(Task("visitor"))
    assert order(queue, 2) == ["visitor", "greedy"]


def test_many_addresses_of_one_host_do_not_keep_a_newcomer_waiting() -> None:
    queue = FairQueue(4)
    for _ in range(4):
        for number in range(250):
            queue.append(Task(f"127.0.1.{number}"))
    order(queue, 250)
    queue.append(Task("visitor"))
    assert order(queue, 1) == ["visitor"]


def test_one_source_never_has_all_threads() -> None:
    queue = FairQueue(8)
    for _ in range(20):
        queue.append(Task("greedy"))
    for _ in range(6):
        assert queue.popleft().source == "greedy"
    assert len(queue) == 0
    with pytest.raises(IndexError):
        queue.popleft()
    queue.append(Task("visitor"))
    assert queue.popleft().source == "visitor"


def test_of_one_host_only_a_few_requests_are_read_before_they_are_served() -> None:
    queue = FairQueue(8)
    connections = [Task("greedy") for _ in range(330)]
    for connection in connections:
        if queue.reading.may(connection):
            queue.append(connection)
    assert queue.reading.is_full("greedy")
    assert order(queue, fairness.MOST_WAITING) == ["greedy"] * fairness.MOST_WAITING
    assert not queue.reading.is_full("greedy")
    assert queue.reading.may(Task("visitor"))


def test_each_connection_of_a_host_is_read_in_its_turn() -> None:
    """However often the others of its host ask anew, and whichever the loop looks at first."""
    queue = FairQueue(8)
    connections = [Task("greedy") for _ in range(330)]
    read: list[int] = []
    for _ in range(1 + 330 // fairness.MOST_WAITING):
        for number, connection in enumerate(connections):
            if queue.reading.may(connection):
                read.append(number)
                queue.append(connection)
        order(queue, len(queue.pages.waiting["greedy"]))
    assert set(read) == set(range(330))
    assert len(read) < 330 + fairness.MOST_WAITING


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["read", "close", "serve"]))))
def test_no_connection_waits_for_one_that_is_closed(moves: list[tuple[int, str]]) -> None:
    queue = FairQueue(8)
    connections = [Task(f"10.0.0.{number % 2}") for number in range(41)]
    for number, move in moves:
        if move == "close":
            queue.reading.forget(connections[number])
        elif move == "serve" and len(queue):
            order(queue, 1)
        elif queue.reading.may(connections[number]):
            queue.append(connections[number])
    for connection in connections:
        queue.reading.forget(connection)
    while len(queue):
        order(queue, 1)
    assert queue.reading == ReadingOrder()
    assert all(queue.reading.may(Task(f"10.0.0.{host}")) for host in range(2))


def test_checks_are_made_one_at_a_time_and_keep_no_page_waiting() -> None:
    queue = FairQueue(8)
    for number in range(20):
        queue.append(Task(f"10.0.0.{number}", is_check=True))
    first = queue.popleft()
    assert first.is_check
    assert len(queue) == 0
    queue.append(Task("visitor"))
    assert not queue.popleft().is_check
    first.line.end(first.source)
    assert queue.popleft().is_check


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
def test_each_task_is_served_once(given_tasks: list[tuple[int, bool]]) -> None:
    queue = FairQueue(3)
    tasks = [Task(str(source), is_check) for source, is_check in given_tasks]
    for task in tasks:
        queue.append(task)
    served = []
    while len(queue):
        task = queue.popleft()
        served.append(task)
        task.line.end(task.source)
    assert sorted(map(id, served)) == sorted(map(id, tasks))
    assert not queue.pages.waiting and not queue.checks.waiting


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("appliance.access.fairness.time.monotonic", lambda: now[0])
    line = Line(1, 1, halved=0.0)
    for number in range(20_000):
        now[0] += 0.01
        line.append(Task(str(number)))
        line.take(str(number))
        line.end(str(number))
    assert len(line.had) <= fairness.MOST_SOURCES + 1001
    assert not line.running and not line.waiting


@dataclass(eq=False)
class Served(Task):
    """A task that tells when it was served."""

    dispatcher: Dispatcher | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def service(self) -> None:
        assert self.dispatcher is not None and self.line is not None
        line = self.line
        self.gate.wait(DEADLINE)
        self.dispatcher.ended(line, self.source)
        self.done.set()


def test_a_turn_that_comes_later_wakes_a_thread() -> None:
    """Two checks wait: the end of the first one has to bring the second one its turn."""
    dispatcher = Dispatcher(4)
    tasks = [Served("a", True, dispatcher=dispatcher) for _ in range(3)]
    for task in tasks:
        dispatcher.add_task(task)
    for task in tasks:
        task.gate.set()
    assert all(task.done.wait(DEADLINE) for task in tasks)
    dispatcher.shutdown()
