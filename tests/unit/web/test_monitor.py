# SPDX-License-Identifier: MIT
"""What the monitor makes of status files."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.settings.config import Config
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.ids import IdsConfig
from appliance.web.monitor import Monitor
from tests.web.reports import a_health, a_report, a_selftest

CONFIG = Config(capture=CaptureConfig(interface="nosuch0", ports=(37009,)))
NOBODY = "no-such-user-here"


def test_facts_without_any_report(tmp_path: Path) -> None:
    facts = Monitor(CONFIG, NOBODY, tmp_path).facts()
    assert (facts.report, facts.selftest, facts.copying, facts.ports) == (None, None, None, ())
    assert (facts.interface, facts.port, facts.engine_name) == ("nosuch0", 37009, "Snort")
    assert not facts.is_supervised
    assert facts.health.state is State.SILENT
    assert "nosuch0 is missing" in facts.health.sentence


def test_facts_take_interface_and_port_from_the_report(tmp_path: Path) -> None:
    report = replace(a_report(time.time()), interface="lo", ports=(40000,))
    report.publish(tmp_path)
    facts = Monitor(CONFIG, NOBODY, tmp_path).facts()
    assert facts.fresh_report == report
    assert (facts.interface, facts.port) == ("lo", 40000)


def test_facts_hold_what_the_supervisor_says(tmp_path: Path) -> None:
    health, test = a_health(time.time()), a_selftest(time.time())
    health.publish(tmp_path)
    test.publish(tmp_path)
    facts = Monitor(CONFIG, NOBODY, tmp_path).facts()
    assert facts.is_supervised
    assert (facts.health, facts.selftest) == (health, test)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"updated": 5}', '{"updated":"now"}'])
def test_facts_trust_no_report_that_is_broken(tmp_path: Path, text: str) -> None:
    for name in ("receiver", "supervisor", "selftest", "dhcp-eth0", "films-copying"):
        (tmp_path / f"{name}.json").write_text(text)
    facts = Monitor(CONFIG, NOBODY, tmp_path).facts()
    assert (facts.report, facts.selftest, facts.copying, facts.ports) == (None, None, None, ())
    assert not facts.is_supervised


def test_facts_of_a_sensor_without_an_engine(tmp_path: Path) -> None:
    config = Config(capture=CONFIG.capture, ids=IdsConfig(engine="none"))
    facts = Monitor(config, NOBODY, tmp_path).facts()
    assert facts.engine_name == "Engine"
    engine = facts.health.finding("engine")
    assert engine is not None and engine.level is Level.OK
