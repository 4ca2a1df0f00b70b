# SPDX-License-Identifier: MIT
"""What /metrics tells of the lists, and of what was met."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, counter, gauge
from appliance.reports.intel import IntelListsReport, IntelReport


def families(places: Places) -> Iterator[Family]:
    """Yield what is looked for, and what became of each hit; nothing while nobody tells."""
    report = IntelReport.read(places.runtime)
    if report is None:
        return
    yield gauge("glovebox_intel_indicators", "Names and networks in force.", report.indicators)
    yield counter("glovebox_intel_frames_total", "Frames that were looked at.", report.frames)
    yield counter("glovebox_intel_lost_total", "Frames without room in the kernel.", report.lost)
    hits = {
        "alert": report.alerts, "alike": report.alike, "allowed": report.allowed,
        "held-back": report.held_back,
    }  # fmt: skip
    yield Family(
        "glovebox_intel_hits_total",
        "counter",
        "ListVerdict names and addresses that were met, by what became of it.",
        by_label(hits, "became"),
    )
    lists = IntelListsReport.read(places.runtime)
    entries = {each.name: each.facts.entries for each in lists.lists if each.facts} if lists else {}
    if entries:
        yield Family(
            "glovebox_intel_list_entries", "gauge", "Entries of each list in force.",
            by_label(entries, "list"),
        )  # fmt: skip
