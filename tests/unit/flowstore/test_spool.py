# SPDX-License-Identifier: MIT
"""Flows wait in memory: within bounds, counted, and over the death of their writer."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from appliance.flows.records import FLOW
from appliance.flowstore import spool
from appliance.flowstore.spool import FIRST_S, FLUSH_S, ROW, FlowSpool
from tests.unit.flowstore.rows import made


def test_flows_become_rows_by_name() -> None:
    flows = np.zeros(2, FLOW)
    flows["bytes"], flows["nat_dport"], flows["flags"] = (5, 6), 7, 255
    found = spool.rows(flows, np.array([1, 3], np.uint8), np.array([[1, 2], [3, 4]], np.uint64))
    assert found["bytes"].tolist() == [5, 6] and found["nat_dport"].tolist() == [7, 7]
    assert found["exporter_hi"].tolist() == [1, 3] and found["exporter_lo"].tolist() == [2, 4]
    assert found["way"].tolist() == [1, 3]
    # What a flow has, a row has, at the same place.
    assert FLOW.fields is not None and ROW.fields is not None
    assert {name: ROW.fields[name] for name in FLOW.fields} == FLOW.fields


def test_the_first_come_soon_and_the_others_seldom(tmp_path: Path) -> None:
    kept = FlowSpool(tmp_path)
    kept.tick(0.0)
    kept.put(made(3))
    kept.tick(0.0)
    kept.tick(FIRST_S - 1)
    assert spool.ready(tmp_path) == []
    kept.tick(FIRST_S)
    kept.put(made(4))
    kept.tick(FIRST_S + FLUSH_S - 1)
    assert [len(spool.read(each)) for each in spool.ready(tmp_path)] == [3]
    kept.tick(FIRST_S + FLUSH_S)
    first, second = spool.ready(tmp_path)
    assert np.array_equal(spool.read(first), made(3)) and np.array_equal(
        spool.read(second), made(4)
    )
    assert (kept.rows, kept.dropped) == (7, 0)


def test_a_busy_routers_flows_do_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_IN_FILE", 10 * ROW.itemsize)
    kept = FlowSpool(tmp_path)
    for _ in range(3):
        kept.put(made(6))
        kept.put(made(6))
    # Not with the next second: what is many times as large could not be stored.
    assert [len(spool.read(each)) for each in spool.ready(tmp_path)] == [12, 12, 12]


def test_where_nobody_stores_flows_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MOST_BYTES", 25 * ROW.itemsize)
    kept = FlowSpool(tmp_path)
    for _ in range(4):
        kept.put(made(10))
        kept.finish()
    assert (kept.rows, kept.dropped) == (20, 20)
    for each in spool.ready(tmp_path):
        each.unlink()
    kept.put(made(10))
    assert (kept.rows, kept.dropped) == (30, 20)


def test_without_its_folder_nothing_fails(tmp_path: Path) -> None:
    kept = FlowSpool(tmp_path / "none")
    kept.put(made(10))
    kept.tick(0.0)
    kept.finish()
    assert (kept.rows, kept.dropped) == (0, 10)


def test_what_a_dead_writer_left_is_read_to_its_last_whole_row(tmp_path: Path) -> None:
    dead = FlowSpool(tmp_path)
    dead.put(made(10))
    (left,) = tmp_path.iterdir()
    os.truncate(left, 10 * ROW.itemsize - 7)
    FlowSpool(tmp_path)
    (found,) = spool.ready(tmp_path)
    assert np.array_equal(spool.read(found), made(10)[:9])
