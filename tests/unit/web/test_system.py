# SPDX-License-Identifier: MIT
"""The tab of the machine itself: its line on the overview."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.reports.levels import Level
from tests.unit.web.test_pages import shown
from tests.web.reports import a_check, a_health, a_selftest


def line(client: FlaskClient) -> str:
    return shown(client).split(">System</a> <span>")[1].split("</span>")[0]


def test_line_without_anything(client: FlaskClient) -> None:
    assert line(client) == "No self-test yet. The supervisor does not report."


@pytest.mark.parametrize(("passed", "word"), [(True, "passed"), (False, "failed")])
def test_line_tells_of_selftest_and_checks(
    client: FlaskClient, tmp_path: Path, passed: bool, word: str
) -> None:
    now = time.time()
    well = a_health(now)
    well.publish(tmp_path)
    a_selftest(now - 301, passed=passed).publish(tmp_path)
    assert line(client) == f"The self-test {word} 5 min ago. {len(well.checks)} checks passed."
    found = (a_check("engine", "Snort is deaf.", Level.FAIL), a_check("interface", "tzsp0 is up."))
    a_health(now, checks=found).publish(tmp_path)
    assert line(client) == f"The self-test {word} 5 min ago. 1 check found something."
