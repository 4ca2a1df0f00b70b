# SPDX-License-Identifier: MIT
"""Totals on DATA: five minutes, hours and days agree; bounded, damaged, joined."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.flows import host_store, periods
from appliance.flows.host_reader import HostReader
from appliance.flows.host_store import KEEP_S, HostStore, greatest
from appliance.flows.packing import HostBlock
from appliance.flows.records import halves
from appliance.flows.schema import DATABASE, DETAIL_COLUMNS, KEPT, TOTAL_COLUMNS, Detail, Grain
from appliance.flows.totals import NOBODY, Cells, Taken
from appliance.store.database import StoreError

NOW = 1_790_000_000
STEP = NOW // 300
HOST = ip_address("10.0.0.9")


def taken(cells: Cells, hosts: int = 1, **details: list[tuple[int, int, int, int, int]]) -> Taken:
    known = [halves(ip_address(f"10.0.0.{9 + number}")) for number in range(hosts)]
    return Taken([NOBODY, *known], cells, details.get("peers", []), details.get("services", []))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HostStore]:
    with contextlib.closing(HostStore(tmp_path / DATABASE.name)) as made:
        yield made


def sums(path: Path) -> dict[int, list[int]]:
    """Return the sums of all figures, by the length of the rows' time."""
    found: dict[int, list[int]] = {}
    with contextlib.closing(sqlite3.connect(path)) as opened:
        for grain, packed in opened.execute("SELECT span, packed FROM total"):
            values = found.setdefault(grain, [0] * TOTAL_COLUMNS)
            for row in HostBlock(packed, TOTAL_COLUMNS).rows():
                values[:] = [one + other for one, other in zip(values, row[1:], strict=True)]
    return found


CELLS = st.dictionaries(
    st.tuples(st.integers(STEP - 900, STEP), st.integers(0, 4)),
    st.lists(st.integers(0, 10**12), min_size=5, max_size=5),
    min_size=1, max_size=40,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=15)
@given(st.lists(CELLS, min_size=1, max_size=3))
def test_five_minutes_hours_and_days_agree(several: list[Cells]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hosts.db"
        with contextlib.closing(HostStore(path)) as store:
            for cells in several:
                store.add(taken(cells, hosts=4), NOW)
        found = sums(path)
        rows = [figures for cells in several for figures in cells.values()]
        assert list(found) == [300, 3600, 86400]
        assert all(each == [sum(column) for column in zip(*rows, strict=True)]
                   for each in found.values())  # fmt: skip


def test_a_host_keeps_its_number(store: HostStore, tmp_path: Path) -> None:
    store.add(taken({(STEP, 1): [1, 2, 3, 4, 5]}), NOW)
    other = Taken([NOBODY, halves(ip_address("10.0.0.77")), halves(HOST)],
                  {(STEP, 2): [10, 20, 30, 40, 50]}, [], [])  # fmt: skip
    store.add(other, NOW)
    reader = HostReader(tmp_path / DATABASE.name)
    (point,) = reader.series(HOST, Grain.STEP, 0, NOW + 1)
    assert (point.begin, point.came, point.went) == (STEP * 300, 11, 22)


def test_old_rows_go_and_days_stay(store: HostStore, tmp_path: Path) -> None:
    store.add(taken({(STEP, 1): [1, 0, 0, 0, 0]}), NOW)
    much_later = NOW + 500 * 86_400
    store.add(taken({(much_later // 300, 1): [1, 0, 0, 0, 0]}), much_later)
    found = sums(tmp_path / DATABASE.name)
    assert [found[each][0] for each in (300, 3600, 86400)] == [1, 1, 2]
    assert KEEP_S[Grain.STEP] < KEEP_S[Grain.HOUR]


def test_a_clock_that_ran_ahead_takes_nothing_away(store: HostStore, tmp_path: Path) -> None:
    store.add(taken({(STEP, 1): [1, 0, 0, 0, 0]}), NOW + 900 * 86_400)
    assert sums(tmp_path / DATABASE.name)[300][0] == 1


def test_only_the_greatest_are_told_apart() -> None:
    rows = [(1, 0, key, key, 0) for key in range(1, 40)] + [(2, 0, 5, 1, 1)]
    found = greatest(rows, 20)
    assert len(found) == 22
    assert (1, 0, 0, sum(range(1, 20)), 0) in found and (2, 0, 5, 1, 1) in found
    # What were others stays others, and the sum stays.
    again = greatest([*found, (1, 0, 39, 1000, 0)], 20)
    assert sum(row[3] for row in again) == sum(row[3] for row in found) + 1000
    assert sum(1 for row in again if row[:3] == (1, 0, 0)) == 1


def test_the_parts_of_a_day_become_one(store: HostStore, tmp_path: Path) -> None:
    peer = (1, *halves(ip_address("192.0.2.9")), 10, 1)
    for later in (0, 900, 1800):
        store.add(taken({(STEP, 1): [1, 0, 0, 0, 0]}, peers=[peer]), NOW + later)
    reader = HostReader(tmp_path / DATABASE.name)
    day = periods.day(NOW)
    assert [each[2].came for each in reader.details(HOST, Detail.PEERS, day)] == [30]
    store.add(taken({(STEP, 1): [1, 0, 0, 0, 0]}, peers=[peer]), NOW + 86_400)
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE.name)) as opened:
        query = "SELECT part FROM detail WHERE kind = 1 AND day = ?"
        assert opened.execute(query, (day,)).fetchall() == [(0,)]
    assert [each[2].came for each in reader.details(HOST, Detail.PEERS, day)] == [40]


@pytest.mark.slow
def test_there_is_room_for_so_much_and_the_finest_goes_first(tmp_path: Path) -> None:
    most = 150_000
    with contextlib.closing(HostStore(tmp_path / DATABASE.name, most)) as store:
        for part in range(30):
            cells: Cells = {
                (STEP + part * 30 + step, host): [step * 977 + host, host, host, 1, step]
                for step in range(30)
                for host in range(1, 60)
            }
            store.add(taken(cells, hosts=60), NOW + part * 9000)
    assert (tmp_path / DATABASE.name).stat().st_size < most + 120_000
    found = sums(tmp_path / DATABASE.name)
    assert found[300][4] < found[3600][4] == found[86400][4]


@pytest.mark.parametrize(("mib", "expected"), [(112, 28 << 20), (1 << 20, 256 << 20)])
def test_a_small_card_has_room_for_less(
    mib: int, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = mib << 8
    found = os.statvfs_result((4096, 4096, blocks, blocks // 2, blocks // 2, 1, 1, 1, 0, 255, 0))
    monkeypatch.setattr(os, "statvfs", lambda folder: found)
    assert host_store._budget(tmp_path) == expected


def test_a_damaged_store_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / DATABASE.name
    path.write_bytes(b"no database at all" * 500)
    with contextlib.closing(HostStore(path)) as store:
        assert store.set_aside is not None and store.set_aside.exists()
        store.add(taken({(STEP, 1): [1, 0, 0, 0, 0]}), NOW)


def test_a_damaged_row_is_counted_and_begun_anew(store: HostStore, tmp_path: Path) -> None:
    store.add(taken({(STEP, 1): [1, 0, 0, 0, 0]}), NOW)
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE.name)) as opened:
        opened.execute("UPDATE total SET packed = x'00' WHERE span = 300")
        opened.commit()
    reader = HostReader(tmp_path / DATABASE.name)
    assert reader.series(HOST, Grain.STEP, 0, NOW + 1) == [] and reader.damaged == 1
    store.add(taken({(STEP, 1): [5, 0, 0, 0, 0]}), NOW)
    assert store.damaged == 1 and sums(tmp_path / DATABASE.name)[300][0] == 5


def test_so_many_addresses_get_a_number(
    store: HostStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_store, "MOST_HOSTS", 2)
    cells: Cells = {(STEP, host): [host, 0, 0, 0, 0] for host in (1, 2, 3)}
    store.add(taken(cells, hosts=3), NOW)
    assert sums(tmp_path / DATABASE.name)[300][0] == 6
    assert {**KEPT} and DETAIL_COLUMNS == 4


def test_a_transaction_that_fails_leaves_nothing(
    store: HostStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(HostStore, "_join", fail)
    with pytest.raises(StoreError, match="No space"):
        store.add(taken({(STEP, 1): [1, 0, 0, 0, 0]}), NOW)
    assert sums(tmp_path / DATABASE.name) == {}
