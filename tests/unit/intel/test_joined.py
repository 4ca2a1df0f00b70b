# SPDX-License-Identifier: MIT
"""The engine's spool and the lists' as one: nothing is lost, and the engine's never waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.alerts.follower import Follower
from appliance.alerts.store import AlertStore
from appliance.ids.eve_spool import EveSpool
from appliance.intel import hit_spool
from appliance.intel.hit_spool import HitSpool
from appliance.intel.joined import Joined
from tests.unit.ids import eve
from tests.unit.intel.test_hit_spool import an_alert


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    found = tmp_path / "engine", tmp_path / "lists"
    for each in found:
        each.mkdir()
    return found


def joined(folders: tuple[Path, Path]) -> Joined:
    matchers = EveSpool(folders[1], hit_spool.PREFIX, hit_spool.ENGINE)
    return Joined(EveSpool(folders[0]), matchers)


def follower(folders: tuple[Path, Path], database: Path) -> Follower:
    return Follower(joined(folders), database, "boot", 1000, lambda: False)


def test_alerts_of_both_are_stored_once(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (folders[0] / "alert.1000.json").write_bytes(eve.line(7) + eve.line(8))
    spool = HitSpool(folders[1])
    spool.put(an_alert())
    database = tmp_path / "alerts.db"
    follower(folders, database).finish()
    # The next one goes on where this one ended.
    again = follower(folders, database)
    again.finish()
    assert again.added == 0
    store = AlertStore(database, "boot")
    assert store.count() == 3
    store.close()
    spool.close()


def test_the_engine_is_told_from_the_lists(folders: tuple[Path, Path]) -> None:
    (folders[0] / "alert.1000.json").write_bytes(eve.line(7))
    HitSpool(folders[1]).put(an_alert())
    both = joined(folders)
    batch = both.read(both.files(), {})
    assert {alert.engine for alert in batch.alerts} == {"suricata", "intel"}
    assert len(batch.positions) == 2


def test_without_the_second_the_first_goes_on(
    folders: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    folders[1].rmdir()
    (folders[0] / "alert.1000.json").write_bytes(eve.line(7))
    both = joined(folders)
    for _ in range(2):
        batch = both.read(both.files(), {})
        assert len(batch.alerts) == 1
        both.tidy(both.files(), batch.positions)
        both.shed(both.files())
    assert caplog.text.count("hits of the lists are not stored") == 1


def test_trouble_of_the_first_is_trouble(folders: tuple[Path, Path]) -> None:
    folders[0].rmdir()
    with pytest.raises(OSError):
        joined(folders).files()


def test_what_is_grave_is_looked_for_in_the_first(folders: tuple[Path, Path]) -> None:
    (folders[0] / "alert.1000.json").write_bytes(eve.line(7))
    HitSpool(folders[1]).put(an_alert())
    both = joined(folders)
    assert set(both.ahead(both.files(), {}, 4).positions) == {"alert.1000.json"}
    assert both.batch_bytes == EveSpool(folders[0]).batch_bytes


def test_a_second_that_cannot_be_read_costs_nothing(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folders[0] / "alert.1000.json").write_bytes(eve.line(7))
    HitSpool(folders[1]).put(an_alert())
    both = joined(folders)
    listed = both.files()
    for file in listed:
        if file.name.startswith(hit_spool.PREFIX):
            file.path.unlink()
    assert len(both.read(listed, {}).alerts) == 1
