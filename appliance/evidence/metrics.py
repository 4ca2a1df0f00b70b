# SPDX-License-Identifier: MIT
"""What /metrics tells of the packets around alerts."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, counter, gauge
from appliance.reports.alerts import EvidenceReport


def families(places: Places) -> Iterator[Family]:
    """Yield how far the ring reaches, and what became of each alert; nothing while nobody tells."""
    report = EvidenceReport.read(places.runtime)
    if report is None:
        return
    yield gauge("glovebox_evidence_reach_seconds", "How far back the ring reaches.", report.reach)
    yield counter("glovebox_evidence_frames_total", "Frames that the ring saw.", report.frames)
    yield counter("glovebox_evidence_lost_total", "Frames without room in it.", report.lost)
    became = {
        "cut": report.cut, "alike": report.alike, "late": report.late,
        "held-back": report.held_back,
    }  # fmt: skip
    yield Family(
        "glovebox_evidence_alerts_total",
        "counter",
        "Alerts whose packets were looked for, by what became of it.",
        by_label(became, "became"),
    )
