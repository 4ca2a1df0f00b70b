# SPDX-License-Identifier: MIT
"""What the next generation is made of."""

from __future__ import annotations

from pathlib import Path

from appliance.renewal.set_verdicts import SetVerdictKind
from tests.unit.renewal.played import GOOD, SET, Sensor, packed, rules


def test_a_download_that_is_no_set_gets_its_verdict_once(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path)
    sensor.download(b"<html>")
    gathering = sensor.renewal.gathering
    found = gathering.gather(sensor.renewal.chosen, None)
    assert not found.sets and not found.new and not found.differs(None)
    verdict = gathering.verdicts.of(SET.name, gathering.digest(SET.name))
    assert verdict and verdict.kind is SetVerdictKind.REFUSED and "web page" in verdict.why


def test_without_a_newer_download_what_is_kept_stays(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path)
    sensor.download(GOOD)
    sensor.round()
    renewal = sensor.renewal
    force = renewal.report().force
    assert force
    (tmp_path / "downloads" / SET.name).unlink()
    found = renewal.gathering.gather(renewal.chosen, force)
    assert not found.differs(force) and found.kept == {SET.name: force.sets[0].digest}
    assert found.sets[SET.name]["et-open.rules"].count(b"\n") == 100
    sensor.download(packed({"x.rules": rules(101)}))
    assert renewal.gathering.gather(renewal.chosen, force).differs(force)
