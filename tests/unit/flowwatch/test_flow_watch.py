# SPDX-License-Identifier: MIT
"""The collector's look at listed addresses: lists that change, batches that are too large."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import numpy as np

from appliance.flows.records import halves
from appliance.flowwatch.flow_watch import LOOK_S, MOST_LOOKED_AT, FlowRow, FlowWatch
from appliance.flowwatch.listed_flows import ListedTalk
from appliance.intel import kept_lists
from appliance.intel.wishes import handed_on
from appliance.reports.intel import ListFacts

ROW: FlowRow = ("192.168.88.9", 40_000, "203.0.113.5", 443, 6, True, 0)
BACK: FlowRow = ("192.168.88.9", 40_000, "203.0.113.5", 443, 6, False, 0)


def put_in_force(folder: Path, name: str, *entries: str) -> None:
    facts = ListFacts(name, "0", 1.0, 0, len(entries), (32,))
    kept_lists.write(folder, facts, [each.encode() for each in entries])


def ticked(watch: FlowWatch, now: float) -> None:
    watch.tick(now)
    if watch._thread is not None:
        watch._thread.join(60)


def finds(watch: FlowWatch, text: str) -> bool:
    high, low = halves(ip_address(text))
    return bool(watch.find(np.array([high], np.uint64), np.array([low], np.uint64))[0])


def test_lists_are_read_where_they_change(tmp_path: Path) -> None:
    watch = FlowWatch(handed_on(tmp_path), tmp_path / "none", kept_lists.entries)
    ticked(watch, 0.0)
    assert not finds(watch, "203.0.113.5")
    lists = tmp_path / "lists"
    lists.mkdir()
    watch = FlowWatch(handed_on(tmp_path), lists, kept_lists.entries)
    put_in_force(lists, "a", "203.0.113.5")
    ticked(watch, 0.0)
    assert finds(watch, "203.0.113.5") and not finds(watch, "203.0.113.6")
    put_in_force(lists, "b", "203.0.113.6")
    ticked(watch, LOOK_S - 1)
    assert not finds(watch, "203.0.113.6")
    ticked(watch, LOOK_S)
    assert finds(watch, "203.0.113.6")


def test_a_talk_is_handed_on(tmp_path: Path) -> None:
    inbox = handed_on(tmp_path)
    watch = FlowWatch(inbox, tmp_path / "lists", kept_lists.entries)
    watch.add([ROW, BACK], 5.0)
    watch.tick(5.0)
    (told,) = inbox.take()
    assert told.talks == (ListedTalk("192.168.88.9", 40_000, "203.0.113.5", 443, 6),)


def test_what_is_too_much_is_counted(tmp_path: Path) -> None:
    watch = FlowWatch(handed_on(tmp_path / "none"), tmp_path / "lists", kept_lists.entries)
    watch.add([ROW] * (MOST_LOOKED_AT + 7), 5.0)
    assert watch.passed_over == 7
    watch.add([BACK], 5.0)
    watch.tick(5.0)  # Nobody takes it.
    assert watch.passed_over == 8
