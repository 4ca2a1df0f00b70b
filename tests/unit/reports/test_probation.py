# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.reports.probation import ProbationReport, TrialEnd


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (
            ProbationReport(TrialEnd.PENDING, 420.0),
            "New network settings are on trial: those before come back in 7 min, unless a gateway"
            " answers or somebody opens the page.",
        ),
        (
            ProbationReport(TrialEnd.WORKS, 420.0, "the gateway 192.168.88.1 answers"),
            "The new network settings work: the gateway 192.168.88.1 answers.",
        ),
        (
            ProbationReport(TrialEnd.FAILED, 0.0),
            "The new network settings reached nobody: those before are in force again.",
        ),
    ],
)
def test_sentence_says_how_it_stands(
    report: ProbationReport, sentence: str, tmp_path: Path
) -> None:
    assert report.sentence == sentence
    report.publish(tmp_path)
    assert ProbationReport.read(tmp_path) == report
