"""`/metrics`: the figures of the page for Prometheus (docs/developer/api.md).

What is not known now is left out: an old figure would pass for one of this moment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psutil
from flask import Blueprint
from flask.typing import ResponseReturnValue

from appliance import __version__
from appliance.formats.exposition import CONTENT_TYPE, Family, Sample, counter, gauge, render
from appliance.host import machine
from appliance.ids import engines
from appliance.reports.levels import Level
from appliance.reports.outcomes import Tally
from appliance.reports.receiver import ReceiverReport
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.reports.supervisor import Health, Stage
from appliance.web.facts import Facts
from appliance.web.history import History, Summary
from appliance.web.monitor import Monitor

MOST_SIGNATURES = 20
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


def blueprint(monitor: Monitor, history: History) -> Blueprint:
    """Return the route `/metrics`."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def metrics() -> ResponseReturnValue:
        facts, summary = monitor.facts(), history.summary(MOST_SIGNATURES)
        return render(families(facts, summary)), 200, {"Content-Type": CONTENT_TYPE}

    return routes


def families(facts: Facts, summary: Summary) -> Iterator[Family]:
    """Yield every figure that is known; yes is 1, no is 0."""
    supervised = int(facts.is_supervised)
    yield Family(
        "glovebox_build_info", "gauge", "Which version this is.", (({"version": __version__}, 1),)
    )
    yield gauge("glovebox_watching", "Whether frames are inspected.", int(facts.watching))
    yield gauge("glovebox_engine_listening", "Whether the engine listens.", _listening(facts))
    yield gauge("glovebox_supervised", "Whether the supervisor reports.", supervised)
    if facts.fresh_report is not None:
        yield from _of_receiver(facts.fresh_report)
    yield from _of_alerts(summary)
    if facts.is_supervised:
        yield from _of_health(facts.health)
    if facts.selftest is not None:
        yield from _of_selftest(facts.selftest)
    yield from _of_machine()


def _listening(facts: Facts) -> int | None:
    engine = facts.health.finding("engine")
    if facts.engine == engines.NONE or engine is None:
        return None
    return {Level.OK: 1, Level.FAIL: 0}.get(engine.level)


def _of_receiver(report: ReceiverReport) -> Iterator[Family]:
    for name, (help, value) in COUNTERS.items():
        by_reason = name == "datagrams_dropped_total"
        samples = _by(report.tally.dropped, "reason") if by_reason else None
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
        yield Family(f"glovebox_source_{name}", "counter", text, _by(counts, "source"))
    seen = {address: sender.last_seen for address, sender in report.senders.items()}
    yield Family(
        "glovebox_source_last_seen_timestamp_seconds",
        "gauge",
        "When a router last sent.",
        _by(seen, "source"),
    )


def _of_alerts(summary: Summary) -> Iterator[Family]:
    yield gauge("glovebox_alerts_stored", "Alerts in the database.", summary.count)
    yield Family(
        "glovebox_alerts_stored_by_priority",
        "gauge",
        "Alerts in the database, by priority; 1 is the gravest.",
        _by({str(priority): count for priority, count in summary.priorities.items()}, "priority"),
    )
    yield Family(
        "glovebox_alerts_stored_by_signature",
        "gauge",
        f"Alerts in the database, of the {MOST_SIGNATURES} most frequent signatures.",
        tuple((_signature(row), row["alerts"]) for row in summary.signatures),
    )


def _signature(row: Mapping[str, Any]) -> Mapping[str, str]:
    # All that tells signatures apart: no two samples may have the same labels.
    keys = ("engine", "gid", "sid", "rev", "priority", "classification", "message")
    return {key: str(row[key] or "") for key in keys}


def _of_health(health: Health) -> Iterator[Family]:
    states = {state.value: int(state is health.state) for state in State}
    yield Family("glovebox_state", "gauge", "1 for the state of the sensor.", _by(states, "state"))
    severities = {check.name: check.level.severity for check in health.checks}
    yield Family(
        "glovebox_check_level",
        "gauge",
        "What each check found: " + ", ".join(f"{each.severity} {each}" for each in Level),
        _by(severities, "check"),
    )
    known = [row for row in health.ledger if row.count is not None and row.lost is not None]
    packets = {row.stage.value: row.count or 0 for row in known}
    lost = {row.stage.value: row.lost or 0 for row in known}
    yield Family(
        "glovebox_ledger_packets_total", "counter", "Packets that came in.", _by(packets, "stage")
    )
    yield Family(
        "glovebox_ledger_lost_packets_total", "counter", "Packets lost there.", _by(lost, "stage")
    )
    yield counter(
        "glovebox_engine_packets_total",
        "Frames meant for the engine.",
        packets.get(Stage.ENGINE.value),
    )
    yield counter(
        "glovebox_engine_lost_packets_total",
        "Those of them that passed it uninspected.",
        lost.get(Stage.ENGINE.value),
    )


def _of_selftest(selftest: SelfTestReport) -> Iterator[Family]:
    yield gauge("glovebox_selftest_passed", "Whether the newest passed.", int(selftest.passed))
    yield gauge("glovebox_selftest_timestamp_seconds", "When it ended.", selftest.time)
    yield Family(
        "glovebox_selftest_duration_seconds",
        "gauge",
        "From its start until the marker had passed a stage.",
        _by(selftest.seconds, "station"),
    )


def _of_machine() -> Iterator[Family]:
    memory = machine.memory()
    yield gauge("glovebox_machine_load1", "Load average of the last minute.", os.getloadavg()[0])
    yield gauge("glovebox_machine_memory_bytes", "RAM of the machine.", memory.total)
    yield gauge(
        "glovebox_machine_memory_available_bytes",
        "RAM that can be had without swapping.",
        memory.available,
    )
    yield gauge(
        "glovebox_machine_temperature_celsius",
        "The hottest sensor of the processor.",
        _temperature(),
    )
    yield gauge(
        "glovebox_machine_boot_timestamp_seconds", "When the machine started.", psutil.boot_time()
    )
    yield gauge(
        "glovebox_web_resident_memory_bytes",
        "RAM of the page's process.",
        psutil.Process().memory_info().rss,
    )


def _temperature() -> float | None:
    try:
        return machine.temperature()
    except (OSError, ValueError):
        return None


def _by(values: Mapping[str, float], label: str) -> tuple[Sample, ...]:
    return tuple(({label: name}, value) for name, value in values.items())
