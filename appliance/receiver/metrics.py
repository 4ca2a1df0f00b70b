# SPDX-License-Identifier: MIT
"""What /metrics tells of the stream: every counter, in total and by router."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from appliance.area import Places
from appliance.formats.exposition import Family, by_label, counter, gauge
from appliance.reports.outcomes import Tally
from appliance.reports.receiver import ReceiverReport

COUNTERS: Mapping[str, tuple[str, Callable[[Tally], int]]] = {
    "datagrams_received_total": ("UDP datagrams received.", lambda tally: tally.received),
    "received_bytes_total": ("Bytes of UDP payload received.", lambda tally: tally.bytes_received),
    "frames_sent_total": ("Frames put onto the sniffing interface.", lambda tally: tally.sent),
    "sent_bytes_total": ("Bytes of these frames.", lambda tally: tally.bytes_sent),
    "keepalives_total": ("Datagrams that carry no frame.", lambda tally: tally.keepalives),
    "datagrams_dropped_total": (
        "Datagrams dropped, by reason.",
        lambda tally: sum(tally.dropped.values()),
    ),
}


def families(places: Places) -> Iterator[Family]:
    """Yield the receiver's figures where they are of now."""
    report = ReceiverReport.read(places.runtime)
    if report is not None and report.is_fresh(time.time()):
        yield from _of_receiver(report)


def _of_receiver(report: ReceiverReport) -> Iterator[Family]:
    for name, (help, value) in COUNTERS.items():
        by_reason = name == "datagrams_dropped_total"
        samples = by_label(report.tally.dropped, "reason") if by_reason else None
        yield Family(f"glovebox_{name}", "counter", help, samples or (({}, value(report.tally)),))
    yield counter(
        "glovebox_socket_overflow_total",
        "Datagrams that found the receive buffer full.",
        report.socket_overflow,
    )
    yield counter(
        "glovebox_reassembly_failures_total",
        "IP datagrams of this machine that never became whole.",
        report.reassembly_failures,
    )
    yield counter(
        "glovebox_udp_errors_total", "What UDP refused on this machine.", report.udp_errors
    )
    yield gauge(
        "glovebox_receiver_start_timestamp_seconds",
        "When the receiver started.",
        report.started,
    )
    yield gauge(
        "glovebox_last_frame_timestamp_seconds", "When the last frame went out.", report.last_frame
    )
    yield from _of_sources(report)


def _of_sources(report: ReceiverReport) -> Iterator[Family]:
    """Yield the same by router. The receiver counts 256 of them apart, the rest as "other"."""
    for name, (help, value) in COUNTERS.items():
        counts = {address: value(sender.tally) for address, sender in report.senders.items()}
        text = f"By router: {help[0].lower()}{help[1:]}".replace(", by reason", "")
        yield Family(f"glovebox_source_{name}", "counter", text, by_label(counts, "source"))
    seen = {address: sender.last_seen for address, sender in report.senders.items()}
    yield Family(
        "glovebox_source_last_seen_timestamp_seconds",
        "gauge",
        "When a router last sent.",
        by_label(seen, "source"),
    )
