# SPDX-License-Identifier: MIT
"""What /metrics tells of the packets around alerts."""

from __future__ import annotations

from pathlib import Path

from appliance.area import Places
from appliance.evidence.metrics import families
from appliance.formats.exposition import render
from appliance.reports.alerts import EvidenceReport


def test_families_of_a_silent_service_are_none(tmp_path: Path) -> None:
    assert list(families(Places(tmp_path, tmp_path))) == []


def test_what_became_of_alerts_is_in_the_figures(tmp_path: Path) -> None:
    EvidenceReport(9.0, 1.0, 500, 3, 12.5, 10, 4, 3, 2, 1, 0, 1).publish(tmp_path)
    text = render(families(Places(tmp_path, tmp_path)))
    assert "glovebox_evidence_lost_total 3\n" in text
    assert "glovebox_evidence_reach_seconds 12.5\n" in text
    assert 'glovebox_evidence_alerts_total{became="late"} 2\n' in text
