# SPDX-License-Identifier: MIT
"""From the spool to the card: nothing is lost without being counted, wherever the power goes."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from appliance.countries.country_table import CountryTable
from appliance.flowstore import parquet, service, spool, stored_files
from appliance.flowstore.service import FlowStore, StorePlaces
from appliance.flowstore.spool import ROW, FlowSpool, Rows
from appliance.reports.flowstore import ExcludedFlows, FlowStoreReport
from appliance.settings.config import Config
from appliance.settings.sections.flows import FlowsConfig
from tests.unit.flowstore.rows import MIDNIGHT, made

NOON = MIDNIGHT + 43_200.0
POINTS = 1000


@pytest.fixture
def places(tmp_path: Path) -> StorePlaces:
    found = StorePlaces(tmp_path / "spool", tmp_path / "card", tmp_path / "work",
                        tmp_path / "work" / "checked.json")  # fmt: skip
    for each in (found.spool, found.folder, found.work):
        each.mkdir()
    return found


def arrive(places: StorePlaces, rows: Rows) -> None:
    """Have rows come as from the collector."""
    writer = FlowSpool(places.spool)
    writer.put(rows)
    writer.finish()
    assert writer.dropped == 0


def run(
    places: StorePlaces, now: float = NOON, settings: FlowsConfig | None = None,
    before: FlowStoreReport | None = None,
) -> FlowStoreReport:  # fmt: skip
    store = FlowStore(Config(flows=settings or FlowsConfig()), places, before, lambda: now)
    store.run()
    return store.report


def stored(places: StorePlaces) -> tuple[int, int]:
    """Return flows and bytes of all that is in force, as a question would find them."""
    found = stored_files.in_force(stored_files.listing(places.folder))
    if not found:
        return 0, 0
    names = [str(each.path) for each in found]
    (row,) = duckdb.execute("SELECT count(*), sum(bytes) FROM read_parquet(?)", [names]).fetchall()
    return int(row[0]), int(row[1])


def test_flows_come_to_the_card(places: StorePlaces) -> None:
    arrive(places, made(100))
    report = run(places)
    assert stored(places) == (100, int(made(100)["bytes"].sum()))
    assert (report.taken, report.stored, report.files, report.rows) == (100, 100, 1, 100)
    assert report.oldest <= made()["first"].min() / 1000 and report.updated == NOON
    assert report.newest >= made()["last"].max() / 1000 and report.error == ""
    assert list(places.spool.iterdir()) == []
    arrive(places, made(50, seed=2))
    assert run(places, before=report).stored == 150 and stored(places)[0] == 150


def test_what_the_owner_leaves_out_is_counted(places: StorePlaces) -> None:
    rows = made(100)
    rows["sampling"] = 10
    arrive(places, rows)
    rule = "proto 17 and port 53"
    report = run(places, settings=FlowsConfig(exclude=(rule, "proto tcp and port 1")))
    gone = rows[rows["proto"] == 17]
    assert 0 < len(gone) < 100
    assert report.excluded[0] == ExcludedFlows(rule, len(gone), int(gone["bytes"].sum()) * 10)
    assert report.excluded[1].rows == 0
    assert report.taken == report.stored + len(gone) == 100
    assert stored(places)[0] == 100 - len(gone)


def test_where_all_is_left_out_there_is_no_file(places: StorePlaces) -> None:
    arrive(places, made(10))
    report = run(places, settings=FlowsConfig(exclude=("way out",)))
    assert (report.taken, report.stored, report.files) == (10, 0, 0)


@pytest.mark.slow
def test_a_day_that_is_over_becomes_one_file(places: StorePlaces) -> None:
    for quarter in range(5):
        arrive(places, made(40, MIDNIGHT + quarter * 900, quarter))
        run(places)
    before = stored(places)
    assert len(stored_files.listing(places.folder)) == 5
    report = run(places, MIDNIGHT + 86_400 + 11_400)
    (found,) = stored_files.listing(places.folder)
    assert (found.first, found.last, found.rows) == (1, 5, 200)
    assert stored(places) == before and report.files == 1


@pytest.mark.slow
def test_within_the_budget_before_it_is_written(places: StorePlaces) -> None:
    sizes = []
    for quarter in range(6):
        arrive(places, made(30_000, MIDNIGHT + quarter * 900, quarter))
        run(places, settings=FlowsConfig(raw_budget_mb=1))
        sizes.append(sum(each.size for each in stored_files.listing(places.folder)))
    assert max(sizes) <= 1 << 20
    first = [each.first for each in stored_files.listing(places.folder)]
    assert first == sorted(first) and first[-1] == 6 and first[0] > 1


def test_a_budget_smaller_than_a_file_keeps_the_newest(
    places: StorePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_free", lambda folder: 0)
    for quarter in range(3):
        arrive(places, made(50, MIDNIGHT + quarter * 900, quarter))
        report = run(places)
    assert report.stored == 50 and report.files == 0 and report.error == ""


def test_what_is_too_old_goes_and_a_clock_at_1970_deletes_nothing(places: StorePlaces) -> None:
    arrive(places, made(10))
    run(places, 0.0)
    assert run(places, 0.0).files == 1
    assert run(places, NOON + 91 * 86_400).files == 0


def test_a_full_card_is_told_and_counted(
    places: StorePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    arrive(places, made(10))
    monkeypatch.setattr(stored_files, "write", full)
    report = run(places)
    assert (report.taken, report.given_up, report.stored) == (10, 10, 0)
    assert "No space left" in report.error and list(places.spool.iterdir()) == []
    monkeypatch.undo()
    arrive(places, made(10))
    assert run(places, before=report).error == ""


def test_a_file_that_its_reader_died_of_is_not_tried_for_ever(places: StorePlaces) -> None:
    arrive(places, made(10))
    (left,) = spool.ready(places.spool)
    left.rename(left.with_suffix(service.TAKEN))
    report = run(places)
    assert (report.given_up, report.stored) == (10, 0) and list(places.spool.iterdir()) == []


def test_a_damaged_file_is_set_aside_and_told(places: StorePlaces) -> None:
    for quarter in range(2):
        arrive(places, made(40, MIDNIGHT + quarter * 900, quarter))
    run(places)
    first, second = stored_files.listing(places.folder)
    content = bytearray(first.path.read_bytes())
    content[len(content) // 2] ^= 4
    first.path.write_bytes(content)
    report = run(places)
    assert (report.damaged, report.files, report.rows) == (1, 1, 40)
    assert stored_files.listing(places.folder) == [second]
    assert stored(places) == (40, int(made(40, MIDNIGHT + 900, 1)["bytes"].sum()))


class PowerCut(BaseException):
    """Nothing that happens after this happens."""


def cut_at(step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Cut the power at a call of the system that changes the card; return what came before."""
    calls: list[str] = []

    def wrapped(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **more: Any) -> Any:
            if "spool" not in str(arguments[0]) and "work" not in str(arguments[0]):
                if len(calls) >= step:
                    raise PowerCut
                calls.append(name)
            return call(*arguments, **more)

        return changed

    for name in ("replace", "rename", "unlink", "fsync", "fchmod"):
        monkeypatch.setattr(os, name, wrapped(name, getattr(os, name)))
    return calls


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each Parquet file made once: 1,000 points need not make it a thousand times."""
    known: dict[object, bytes] = {}
    real = parquet.made, parquet.joined

    def flows(rows: Rows, folder: Path, countries: CountryTable | None) -> bytes:
        key = rows.tobytes()
        known[key] = known.get(key) or real[0](rows, folder, countries)
        return known[key]

    def day(files: Sequence[Path], folder: Path) -> bytes:
        key = tuple(each.name for each in files)
        known[key] = known.get(key) or real[1](files, folder)
        return known[key]

    monkeypatch.setattr(parquet, "made", flows)
    monkeypatch.setattr(parquet, "joined", day)


@pytest.fixture
def no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the host's own disk in peace: what a flush means is in the test."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.mark.slow
@pytest.mark.usefixtures("quick", "no_flush")
def test_a_power_cut_at_1000_points_of_a_flush_shows_no_wrong_sum(
    places: StorePlaces, tmp_path: Path
) -> None:
    """At each point old flows are all there, and the new ones are there or not, never half."""
    for quarter in range(3):
        arrive(places, made(40, MIDNIGHT + quarter * 900, quarter))
        run(places)
    old = stored(places)
    last = made(40, MIDNIGHT + 3 * 900, 3)
    new = old[0] + 40, old[1] + int(last["bytes"].sum())
    chance, steps, seen = random.Random(3), 99, set()
    for point in range(POINTS):
        here = tmp_path / "cut"
        shutil.copytree(places.folder, here)
        again = replace(places, folder=here, checked=tmp_path / f"{point}.json")
        arrive(again, last)
        with pytest.MonkeyPatch.context() as patch:
            # The first goes to its end, and tells how many steps there are.
            calls = cut_at(chance.randrange(steps) if point else 10_000, patch)
            try:
                run(again, MIDNIGHT + 86_400 * 1.2)
            except PowerCut:
                pass
            else:
                steps = len(calls)
                assert steps > 8
        for each in (*again.spool.iterdir(), *again.work.iterdir()):
            each.unlink()  # Memory is gone.
        for each in here.glob(".*"):
            # What was not flushed is there in part.
            os.truncate(each, chance.randrange(each.stat().st_size + 1))
        run(again, MIDNIGHT + 86_400 * 1.2)
        found = stored_files.in_force(stored_files.listing(here))
        assert all(map(stored_files.is_whole, found)) and list(here.glob(".*")) == []
        rows = sum(each.rows for each in found)
        assert rows in (old[0], new[0]), point
        if point % 20 == 0:
            assert stored(again) == (old if rows == old[0] else new), point
        seen.add(rows)
        shutil.rmtree(here)
    assert seen == {old[0], new[0]}


def test_rows_of_the_spool_are_those_of_the_store() -> None:
    assert set(ROW.names or ()) - {"last", "exporter"} == set(parquet.COLUMNS) - {
        "duration",
        "scc",
        "dcc",
    }
