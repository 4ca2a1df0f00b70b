# SPDX-License-Identifier: MIT
"""The receiver's figures for /metrics; all together are in tests/unit/web/test_metrics.py."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from appliance.area import Places
from appliance.receiver.metrics import families
from tests.web.reports import a_report


def test_families_hold_what_the_receiver_published_of_now(tmp_path: Path) -> None:
    report = a_report(time.time())
    report.publish(tmp_path)
    found = {each.name: each for each in families(Places(tmp_path, tmp_path / "alerts.db"))}
    assert found["glovebox_frames_sent_total"].samples == (({}, report.tally.sent),)
    replace(report, updated=report.updated - 60).publish(tmp_path)
    assert not list(families(Places(tmp_path, tmp_path / "alerts.db")))
