# SPDX-License-Identifier: MIT
"""Totals are stored soon at first, then seldom, and wait where that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.flows.host_reader import HostReader
from appliance.flows.schema import DATABASE
from appliance.flows.storing import FIRST_S, FLUSH_S, MOST_WAITING, Storing
from appliance.flows.totals import Taken
from tests.unit.flows.test_host_store import NOW, STEP, taken


class Counted:
    """What there is to be taken; each time one byte."""

    def __init__(self) -> None:
        self.given = 0

    def take(self) -> Taken | None:
        self.given += 1
        return taken({(STEP, 1): [1, 0, 0, 0, 0]})


def stored(folder: Path) -> int:
    found = HostReader(folder / DATABASE.name).hosts(0, NOW + 86_400)
    return sum(each.came for each in found.values())


def wait(storing: Storing) -> None:
    """Wait until it has written."""
    thread = storing._thread
    assert thread is not None
    thread.join(30)
    assert not thread.is_alive()


def test_the_first_comes_soon_and_others_seldom(tmp_path: Path) -> None:
    counted = Counted()
    storing = Storing(counted.take, tmp_path / DATABASE.name)
    storing.tick(0.0, counted=False)
    storing.tick(100.0, counted=True)
    storing.tick(99.0 + FIRST_S, counted=True)
    assert counted.given == 0
    storing.tick(100.0 + FIRST_S, counted=True)
    wait(storing)
    assert stored(tmp_path) == 1 and storing.error == "" and storing.stored_at > 0
    storing.tick(99.0 + FIRST_S + FLUSH_S, counted=True)
    assert counted.given == 1
    storing.tick(100.0 + FIRST_S + FLUSH_S, counted=True)
    wait(storing)
    assert stored(tmp_path) == 2


def test_the_last_are_stored_at_the_end(tmp_path: Path) -> None:
    storing = Storing(Counted().take, tmp_path / DATABASE.name)
    storing.finish()
    assert stored(tmp_path) == 1
    Storing(lambda: None, tmp_path / "none.db").finish()
    assert not (tmp_path / "none.db").exists()


def test_what_cannot_be_stored_waits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "missing"
    storing = Storing(Counted().take, folder / DATABASE.name)
    storing.finish()
    storing.finish()
    assert "No such file" in storing.error and caplog.text.count("not stored") == 1
    folder.mkdir()
    storing.finish()
    assert storing.error == "" and stored(folder) == 3


def test_so_much_waits_and_no_more(tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    storing = Storing(Counted().take, folder / DATABASE.name)
    for _ in range(MOST_WAITING + 3):
        storing.finish()
    assert storing.given_up == 3
    folder.mkdir()
    storing.finish()
    assert stored(folder) == MOST_WAITING


def test_a_damaged_store_is_set_aside_and_the_next_one_is_new(tmp_path: Path) -> None:
    path = tmp_path / DATABASE.name
    storing = Storing(Counted().take, path)
    storing.finish()
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * len(damaged[4096:])
    path.write_bytes(damaged)
    storing.finish()
    assert "damaged" in storing.error
    storing.finish()
    assert storing.error == "" and stored(tmp_path) == 2


def test_the_month_is_added_up_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.flows.storing.time.time", lambda: float(NOW))
    for starts_on, expected in ((0, 0), (1, 1)):
        storing = Storing(Counted().take, tmp_path / f"{starts_on}.db", starts_on)
        storing.finish()
        assert storing.month_bytes == expected
    # Without anything new it is still told, after a restart.
    again = Storing(lambda: None, tmp_path / "1.db", 1)
    again.finish()
    assert again.month_bytes == 1
