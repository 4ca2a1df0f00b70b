# SPDX-License-Identifier: MIT
"""Every alert is forwarded, or counted as lost, whatever ends in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import files
from appliance.alerts.store import AlertReader, AlertStore
from appliance.ids import eve
from appliance.notify.forward import forward_queue
from appliance.notify.forward.forward_queue import MOST, ForwardQueue
from appliance.notify.send_socket import SendAnswer, SendError
from tests.unit.alerts.test_store import TEMPLATE

NOW = 1_795_166_783.0


class Collector:
    def __init__(self) -> None:
        self.sids: list[int] = []
        self.is_away = False

    def __call__(self, name: str, lines: Sequence[str]) -> SendAnswer:
        if self.is_away:
            raise SendError("away")
        assert name == "c" and 0 < len(lines) <= MOST
        for line in lines:
            found = eve.alert(eve.record(line.encode()))
            assert found is not None
            self.sids.append(found.sid)
        return SendAnswer(True, "taken")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    made = AlertStore(tmp_path / "alerts.db", "boot")
    yield made
    made.close()


def queue(folder: Path) -> ForwardQueue:
    return ForwardQueue("c", "box", AlertReader(folder / "alerts.db"), folder)


def raised(store: AlertStore, first: int, count: int, keep: int = 100_000) -> None:
    store.add([replace(TEMPLATE, sid=first + each) for each in range(count)], {}, keep)


def drained(made: ForwardQueue, collector: Collector) -> None:
    while made.step(collector, NOW) == 0.0:
        pass


def test_what_comes_is_forwarded_in_order_and_once(store: AlertStore, tmp_path: Path) -> None:
    raised(store, 0, 5)
    made, collector = queue(tmp_path), Collector()
    drained(made, collector)
    assert collector.sids == [], "what was there before is not forwarded"
    raised(store, 100, 3 * MOST + 7)
    drained(made, collector)
    assert collector.sids == list(range(100, 100 + 3 * MOST + 7))
    assert made.standing.forwarded == 3 * MOST + 7 and made.standing.waiting == 0


@pytest.mark.slow
def test_a_collector_that_is_away_gets_all_later_over_a_restart(
    store: AlertStore, tmp_path: Path
) -> None:
    made, collector = queue(tmp_path), Collector()
    drained(made, collector)
    collector.is_away = True
    raised(store, 0, 700)
    pauses = [made.step(collector, NOW) for _ in range(8)]
    assert pauses[:3] == [2.0, 4.0, 8.0] and pauses[-1] == forward_queue.LONGEST_RETRY_S
    assert made.standing.waiting == 700 and made.standing.trouble == "away"
    made.close()
    collector.is_away = False
    again = queue(tmp_path)
    drained(again, collector)
    assert collector.sids == list(range(700)) and again.standing.away_since == 0


def test_a_power_cut_repeats_and_loses_nothing(store: AlertStore, tmp_path: Path) -> None:
    made, collector = queue(tmp_path), Collector()
    drained(made, collector)
    made.close()
    raised(store, 0, 300)
    drained(made, collector)
    again = queue(tmp_path)  # Without close(): what it kept is older.
    drained(again, collector)
    assert set(collector.sids) == set(range(300))


@pytest.mark.slow
def test_what_the_store_deleted_meanwhile_is_counted(store: AlertStore, tmp_path: Path) -> None:
    made, collector = queue(tmp_path), Collector()
    raised(store, 0, 1)
    drained(made, collector)
    for turn in range(5):
        raised(store, 1 + turn * 1000, 1000, keep=500)
    drained(made, collector)
    standing = made.standing
    assert standing.lost > 0 and standing.forwarded == len(collector.sids)
    assert standing.forwarded + standing.lost == 5000


def test_little_is_written(
    store: AlertStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    monkeypatch.setattr(files, "write_durable", lambda file, *rest: written.append(file))
    made, collector = queue(tmp_path), Collector()
    for each in range(60):
        raised(store, each, 1)
        made.step(collector, NOW + each / 2)
    assert len(written) == 1


def test_large_alerts_are_several_batches(store: AlertStore, tmp_path: Path) -> None:
    made, collector = queue(tmp_path), Collector()
    drained(made, collector)
    long = replace(TEMPLATE, message="x" * 40_000)
    store.add([replace(long, sid=each) for each in range(10)], {}, 1000)
    drained(made, collector)
    assert collector.sids == list(range(10))
