# SPDX-License-Identifier: MIT
"""Hosts are counted among the newest alerts, and anew only when there is something new."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from appliance.alerts.by_host import HostCounts


@pytest.fixture
def alerts() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE alert (id INTEGER PRIMARY KEY, source TEXT, destination TEXT)")
    for pair in [("a", "b"), ("a", "c"), ("d", "d"), ("c", "a")]:
        put(connection, *pair)
    yield connection
    connection.close()


def put(connection: sqlite3.Connection, source: str, destination: str) -> None:
    connection.execute("INSERT INTO alert VALUES (NULL, ?, ?)", (source, destination))


def test_each_alert_counts_once_for_each_of_its_hosts(alerts: sqlite3.Connection) -> None:
    counts = HostCounts()
    assert counts.most(alerts, 1, 4, 100, 3) == [("a", 3), ("c", 2), ("b", 1)]
    assert counts.most(alerts, 1, 4, 2, 9) == [("a", 1), ("c", 1), ("d", 1)]


def test_they_are_counted_anew_where_something_is_new(alerts: sqlite3.Connection) -> None:
    counts = HostCounts()
    looks: list[str] = []
    alerts.set_trace_callback(looks.append)
    first = counts.most(alerts, 1, 4, 100, 1)
    assert first == counts.most(alerts, 1, 4, 100, 1) == [("a", 3)] and len(looks) == 1
    for _ in range(3):
        put(alerts, "b", "e")
    assert counts.most(alerts, 1, 7, 100, 1) == [("b", 4)]
    # Another file may bear the same numbers.
    alerts.execute("DELETE FROM alert WHERE source = 'b'")
    assert counts.most(alerts, 2, 7, 100, 1) == [("a", 3)]
