# SPDX-License-Identifier: MIT
"""What /metrics tells of the flows: every counter of the ledger, and each exporter."""

from __future__ import annotations

import time
from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, counter, gauge
from appliance.reports.flows import FlowExporter, FlowRepeat, FlowsReport


def families(places: Places) -> Iterator[Family]:
    """Yield the figures of the collector where they are of now."""
    report = FlowsReport.read(places.runtime)
    if report is not None and report.is_fresh(time.time()):
        yield from _of_all(report)
        yield from _of_exporters(report.exporters)
        yield from _of_repeated(report.repeated)


def _of_all(report: FlowsReport) -> Iterator[Family]:
    total = report.total
    outcomes = {name: getattr(total, name) for name in
                ("decoded", "malformed", "unsupported", "unlisted", "again")}  # fmt: skip
    yield Family(
        "glovebox_flow_datagrams_total",
        "counter",
        "Datagrams with flows, by what became of them.",
        by_label(outcomes, "outcome"),
    )
    yield Family(
        "glovebox_flow_records_total",
        "counter",
        "Flows decoded, by what became of them.",
        by_label({"kept": total.kept, "absurd": total.absurd}, "outcome"),
    )
    yield counter("glovebox_flow_copies_total",
                  "Flows that another interface or exporter had told of.",
                  report.copies)  # fmt: skip
    yield counter("glovebox_flow_tunnels_total",
                  "Flows that are the outside of a tunnel whose content was told by itself.",
                  report.tunnels)  # fmt: skip
    yield counter("glovebox_flow_tunnel_bytes_total", "Their bytes, which no total has.",
                  report.tunnel_bytes)  # fmt: skip
    yield Family(
        "glovebox_flow_host_bytes_total",
        "counter",
        "Bytes of all hosts, by direction; those between two of them count for both.",
        by_label({"in": report.bytes_in, "out": report.bytes_out}, "direction"),
    )
    yield counter("glovebox_flow_sets_expired_total",
                  "Sets of data whose template never came.", report.expired)  # fmt: skip
    yield counter("glovebox_flow_socket_overflow_total",
                  "Datagrams with flows that found the receive buffer full.",
                  report.socket_overflow)  # fmt: skip
    yield gauge("glovebox_flow_sets_waiting", "Sets of data that wait for their template.",
                report.waiting)  # fmt: skip
    yield gauge("glovebox_flow_templates", "Templates that are known.", report.templates)


def _of_exporters(exporters: tuple[FlowExporter, ...]) -> Iterator[Family]:
    kept = {each.address: each.counts.kept for each in exporters}
    lost = {each.address: each.counts.lost for each in exporters}
    ahead = {each.address: each.ahead - each.behind for each in exporters}
    seen = {each.address: each.last_seen for each in exporters}
    yield Family("glovebox_flow_exporter_records_total", "counter",
                 "Flows of an exporter.", by_label(kept, "exporter"))  # fmt: skip
    yield Family("glovebox_flow_exporter_lost_total", "counter",
                 "What an exporter sent and never came, by its sequence numbers: datagrams of"
                 " version 9, flows of the others.", by_label(lost, "exporter"))  # fmt: skip
    yield Family("glovebox_flow_exporter_clock_ahead_seconds", "gauge",
                 "By how much an exporter's clock is ahead.",
                 by_label(ahead, "exporter"))  # fmt: skip
    yield Family("glovebox_flow_exporter_last_seen_timestamp_seconds", "gauge",
                 "When an exporter last sent.", by_label(seen, "exporter"))  # fmt: skip


def _of_repeated(targets: tuple[FlowRepeat, ...]) -> Iterator[Family]:
    for outcome in ("sent", "failed", "beyond", "again") if targets else ():
        found = {each.target: getattr(each, outcome) for each in targets}
        yield Family(f"glovebox_flow_repeated_{outcome}_total", "counter",
                     "Datagrams for a collector to which flows are sent on, by what became of"
                     " them.", by_label(found, "target"))  # fmt: skip
