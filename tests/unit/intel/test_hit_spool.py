# SPDX-License-Identifier: MIT
"""What the matcher writes is what the store reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ids.alert import Alert
from appliance.ids.eve_spool import EveSpool
from appliance.intel import hit_spool
from appliance.intel.allowed import Allowed
from appliance.intel.hit_spool import HitSpool
from appliance.intel.meetings import Meetings
from tests.unit.intel.test_meetings import NOW, ONE, asked


def an_alert() -> Alert:
    found = Meetings(Allowed(), ()).take(asked(), ONE, NOW)
    assert found
    return found


def test_an_alert_comes_through_as_it_was(tmp_path: Path) -> None:
    spool = HitSpool(tmp_path)
    assert spool.put(an_alert())
    reader = EveSpool(tmp_path, hit_spool.PREFIX, hit_spool.ENGINE)
    batch = reader.read(reader.files(), {})
    assert batch.alerts == [an_alert()] and batch.unreadable == 0
    spool.close()


def test_the_store_may_write_to_it(tmp_path: Path) -> None:
    HitSpool(tmp_path).close()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o660


def test_what_nobody_reads_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hit_spool, "MOST_BYTES", 8192)
    spool = HitSpool(tmp_path)
    written = [spool.put(an_alert()) for _ in range(100)]
    assert written[0] and not written[-1]
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size <= 8192
    spool.close()


def test_an_earlier_run_is_told_from_this_one(tmp_path: Path) -> None:
    (tmp_path / "intel.1.json").touch()
    HitSpool(tmp_path).close()
    reader = EveSpool(tmp_path, hit_spool.PREFIX, hit_spool.ENGINE)
    assert [file.run == 1 for file in reader.files()] == [True, False]
