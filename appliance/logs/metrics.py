# SPDX-License-Identifier: MIT
"""What /metrics tells of the lines of logs."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, counter, gauge
from appliance.reports.logs import LogsReport


def families(places: Places) -> Iterator[Family]:
    """Yield how many lines came, and what became of them; nothing while nobody tells."""
    report = LogsReport.read(places.runtime)
    if report is None:
        return
    yield counter("glovebox_logs_lines_total", "Lines that arrived.", report.received)
    yield Family(
        "glovebox_logs_events_total",
        "counter",
        "Lines that told of something, by kind.",
        by_label(report.events, "kind"),
    )
    yield Family(
        "glovebox_logs_dropped_total",
        "counter",
        "Lines that became no event, by reason.",
        by_label({each.reason: each.count for each in report.dropped}, "reason"),
    )
    yield counter("glovebox_logs_lost_total", "Datagrams without room in the kernel.", report.lost)
    yield counter("glovebox_logs_refused_total", "Connections that were refused.", report.refused)
    yield gauge("glovebox_logs_kept_bytes", "Bytes of all days on the card.", report.kept)
