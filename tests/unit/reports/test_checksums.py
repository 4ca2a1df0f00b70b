# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

from appliance.reports.checksums import ChecksumsReport, EngineChecksumsReport


def test_receiver_and_engine_tell_in_files_of_their_own(tmp_path: Path) -> None:
    measured, started = ChecksumsReport(400, 390, ignored=True), EngineChecksumsReport()
    measured.publish(tmp_path)
    started.publish(tmp_path)
    assert ChecksumsReport.read(tmp_path) == measured
    assert EngineChecksumsReport.read(tmp_path) == started
