# SPDX-License-Identifier: MIT
"""What /metrics tells of the flows that are kept one by one."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, gauge
from appliance.reports.flowstore import FlowStoreReport


def families(places: Places) -> Iterator[Family]:
    """Yield the figures of the store since the machine's start."""
    report = FlowStoreReport.read(places.runtime)
    if report is None:
        return
    excluded = sum(each.rows for each in report.excluded)
    outcomes = {"stored": report.stored, "excluded": excluded, "given up": report.given_up}
    yield Family("glovebox_flowstore_flows_total", "counter",
                 "Flows to be kept one by one, by what became of them.",
                 by_label(outcomes, "outcome"))  # fmt: skip
    yield gauge("glovebox_flowstore_flows", "Flows on the card, one by one.", report.rows)
    yield gauge("glovebox_flowstore_bytes", "What they take of the card.", report.bytes)
    yield gauge("glovebox_flowstore_budget_bytes", "What they may take of it.", report.budget)
    yield gauge("glovebox_flowstore_oldest_timestamp_seconds",
                "When the oldest of them began.", report.oldest)  # fmt: skip
    yield gauge("glovebox_flowstore_damaged_files",
                "Files of them that were damaged, and set aside.", report.damaged)  # fmt: skip
