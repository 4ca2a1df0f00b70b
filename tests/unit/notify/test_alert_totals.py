# SPDX-License-Identifier: MIT
"""What is new is counted by totals: folded alerts and deleted rows count, too."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alerts.store import AlertStore
from appliance.notify import alert_totals
from appliance.notify.alert_totals import SeenTotals, TotalsReader
from appliance.store.database import StoreError
from tests.unit.alerts.test_store import TEMPLATE

NOW = 1_795_166_900.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


def test_what_came_since_is_told_with_its_newest_example(path: Path) -> None:
    store, reader = AlertStore(path, "boot"), TotalsReader(path, 1.0)
    store.add([TEMPLATE], {}, 1000)
    seen, _ = reader.look(SeenTotals(), 4, NOW)
    later = replace(TEMPLATE, time_us=TEMPLATE.time_us + 5_000_000, source="192.0.2.9")
    store.add([later, replace(later, sid=7, message="other", priority=1)], {}, 1000)
    seen, news = reader.look(seen, 4, NOW)
    first, second = sorted(news, key=lambda each: each.rule)
    assert (first.rule, first.count, first.source) == ("1:1228", 1, "192.0.2.9:40000")
    assert (second.rule, second.text, second.priority) == ("1:7", "other", 1)
    assert first.last == pytest.approx(later.time_us / 1e6)
    assert reader.look(seen, 4, NOW)[1] == ()
    store.close()


def test_a_flood_that_is_folded_and_pruned_is_counted_whole(path: Path) -> None:
    store, reader = AlertStore(path, "boot"), TotalsReader(path, 1.0)
    seen, total = reader.look(SeenTotals(), 4, NOW)[0], 0
    for _ in range(12):
        store.add([TEMPLATE] * 1000, {}, 100)
        seen, news = reader.look(seen, 4, NOW)
        total += sum(each.count for each in news)
    assert store.count() < 2000 and total == 12_000
    store.close()


def test_rules_that_are_not_grave_enough_are_left_out(path: Path) -> None:
    store = AlertStore(path, "boot")
    store.add([TEMPLATE], {}, 1000)
    seen, news = TotalsReader(path, 1.0).look(SeenTotals(), 1, NOW)
    assert news == () and seen.totals == {"1:1228": 1}
    store.close()


def test_a_store_that_was_not_written_to_is_not_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, reader = AlertStore(path, "boot"), TotalsReader(path, 1.0)
    store.add([TEMPLATE], {}, 1000)
    monkeypatch.setattr(alert_totals, "SETTLED_NS", -1)
    seen, _ = reader.look(SeenTotals(), 4, NOW)
    monkeypatch.setattr(alert_totals, "TOTALS", "no query")
    assert reader.look(seen, 4, NOW) == (seen, ())
    store.add([TEMPLATE], {}, 1000)
    with pytest.raises(StoreError):
        reader.look(seen, 4, NOW)
    store.close()


def test_a_store_that_was_just_written_to_is_read_again(path: Path) -> None:
    """Its time may not change with the next alert."""
    store, reader = AlertStore(path, "boot"), TotalsReader(path, 1.0)
    store.add([TEMPLATE], {}, 1000)
    os.utime(path, ns=(time.time_ns() + 10**9,) * 2)
    seen, _ = reader.look(SeenTotals(), 4, NOW)
    stamp = path.stat()
    store.add([TEMPLATE], {}, 1000)
    os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    assert sum(each.count for each in reader.look(seen, 4, NOW)[1]) == 1
    store.close()


def test_a_store_made_anew_begins_afresh(path: Path) -> None:
    store = AlertStore(path, "boot")
    store.add([TEMPLATE], {}, 1000)
    seen, news = TotalsReader(path, 1.0).look(SeenTotals({"1:1228": 500}, 10_000), 4, NOW)
    assert news == () and seen == SeenTotals({"1:1228": 1}, 1)
    store.close()


def test_a_store_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(StoreError):
        TotalsReader(path, 0.1).look(SeenTotals(), 4, NOW)
