"""The page's facts for programs: `/healthz` as text, `/api/…` as JSON (docs/developer/api.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance import __version__
from appliance.web import parameters, wording
from appliance.web.facts import Engine, Facts
from appliance.web.headline import headline
from appliance.web.history import History
from appliance.web.monitor import Monitor
from appliance.web.reports import Counters, Report
from appliance.web.supervision import Health, SelfTest

DEFAULT_LIMIT = 50
MOST = 1000


def blueprint(monitor: Monitor, history: History) -> Blueprint:
    """Return the routes `/healthz`, `/api/status` and `/api/alerts`."""
    routes = Blueprint("api", __name__)

    @routes.get("/healthz")
    def healthz() -> ResponseReturnValue:
        facts = monitor.facts()
        lines = "".join(f"{part} {word}\n" for part, word in parts(facts).items())
        code = 200 if facts.watching else ServiceUnavailable.code
        return lines, code, {"Content-Type": "text/plain; charset=utf-8"}

    @routes.get("/api/status")
    def status() -> ResponseReturnValue:
        return jsonify(status_object(monitor.facts()))

    @routes.get("/api/alerts")
    def alerts() -> ResponseReturnValue:
        parameters.allow(("limit", "after", "before"))
        limit = parameters.clamped("limit", DEFAULT_LIMIT, MOST)
        after, before = parameters.whole("after"), parameters.whole("before")
        if after is not None and before is not None:
            raise BadRequest("Give after or before, not both.")
        page = history.latest(limit, before) if after is None else history.after(after, limit)
        if page.trouble:
            raise ServiceUnavailable(page.trouble)
        in_order = page.alerts if after is None else page.alerts[::-1]
        return jsonify(count=page.count, alerts=in_order)

    return routes


def parts(facts: Facts) -> dict[str, str]:
    """Return one word for each part of the way from router to alert."""
    return {
        "receiver": facts.receiver.value,
        "interface": facts.link.value,
        "stream": facts.stream.value,
        "engine": facts.engine.value,
        "alerts": facts.alerts.value,
    }


def status_object(facts: Facts) -> dict[str, Any]:
    """Return what `/api/status` answers."""
    verdict = headline(facts)
    return {
        "version": __version__,
        "time": wording.utc(facts.now),
        "state": verdict.name,
        "level": verdict.level.value,
        "sentence": verdict.sentence,
        "watching": facts.watching,
        "parts": parts(facts),
        "engine": "none" if facts.engine is Engine.NONE else facts.engine_name.lower(),
        "interface": facts.interface,
        "targets": facts.targets,
        "supervisor": None if facts.health is None else _supervisor_object(facts.health),
        "selftest": None if facts.selftest is None else _selftest_object(facts.selftest),
        "receiver": None if facts.report is None else _receiver_object(facts, facts.report),
    }


def _supervisor_object(health: Health) -> dict[str, Any]:
    return {
        "updated": wording.utc(health.updated),
        "state": health.state.value,
        "level": health.level.value,
        "sentence": health.sentence,
        "checks": [
            {**dataclasses.asdict(check), "since": wording.utc(check.since)}
            for check in health.checks
        ],
        "ledger": [dataclasses.asdict(stage) for stage in health.ledger],
        "first_loss": health.first_loss,
        "media": None if health.films is None else health.films.as_json(),
    }


def _selftest_object(selftest: SelfTest) -> dict[str, Any]:
    return {**dataclasses.asdict(selftest), "time": wording.utc(selftest.time)}


def _receiver_object(facts: Facts, report: Report) -> dict[str, Any]:
    return {
        "updated": wording.utc(report.updated),
        "started": wording.utc(report.started),
        "last_frame": None if report.last_frame is None else wording.utc(report.last_frame),
        "ports": list(report.ports),
        "frames_per_second": _rounded(facts.frame_rate),
        "counters": {
            **_counters_object(report.counters),
            "socket_overflow": report.socket_overflow,
            "reassembly_failures": report.reassembly_failures,
            "udp_errors": report.udp_errors,
        },
        "sources": {
            address: {
                "last_seen": wording.utc(source.last_seen),
                "frames_per_second": _rounded(facts.source_rate(address)),
                "counters": _counters_object(source.counters),
            }
            for address, source in report.sources.items()
        },
    }


def _counters_object(counters: Counters) -> Mapping[str, Any]:
    return {
        "datagrams_received": counters.datagrams_received,
        "bytes_received": counters.bytes_received,
        "frames_sent": counters.frames_sent,
        "bytes_sent": counters.bytes_sent,
        "keepalives": counters.keepalives,
        "dropped": dict(counters.dropped),
    }


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 1)
