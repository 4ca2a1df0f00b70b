# SPDX-License-Identifier: MIT
"""The page's facts for programs: `/healthz` as text, `/api/…` as JSON (docs/developer/api.md)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from appliance import __version__, words
from appliance.reports.receiver import ReceiverReport
from appliance.reports.supervisor import Health
from appliance.shape import to_json
from appliance.web import wording
from appliance.web.facts import Facts
from appliance.web.monitor import Monitor


def blueprint(monitor: Monitor) -> Blueprint:
    """Return the routes `/healthz` and `/api/status`."""
    routes = Blueprint("api", __name__)

    @routes.get("/healthz")
    def healthz() -> ResponseReturnValue:
        facts = monitor.facts()
        lines = "".join(f"{part} {word}\n" for part, word in facts.parts.items())
        code = 200 if facts.watching else ServiceUnavailable.code
        return lines, code, {"Content-Type": "text/plain; charset=utf-8"}

    @routes.get("/api/status")
    def status() -> ResponseReturnValue:
        return jsonify(status_object(monitor.facts()))

    return routes


def status_object(facts: Facts) -> dict[str, Any]:
    """Return what `/api/status` answers."""
    health, report, test = facts.health, facts.report, facts.selftest
    return {
        "version": __version__,
        "time": words.utc(facts.now),
        "state": health.state.value,
        "level": wording.shade(health.mark),
        "sentence": health.sentence,
        "watching": facts.watching,
        "parts": facts.parts,
        "engine": facts.engine,
        "interface": facts.interface,
        "targets": facts.targets,
        "supervisor": _supervisor_object(health) if facts.is_supervised else None,
        "selftest": None if test is None else to_json(test) | {"time": words.utc(test.time)},
        "rules": None if facts.rules is None else to_json(facts.rules),
        "receiver": None if report is None else _receiver_object(facts, report),
    }


def _supervisor_object(health: Health) -> dict[str, Any]:
    told = to_json(health)
    films = told.pop("films")
    del told["selftest"]
    return {
        **told,
        "updated": words.utc(health.updated),
        "checks": [each | {"since": words.utc(each["since"])} for each in told["checks"]],
        "actions": [each | {"time": words.utc(each["time"])} for each in told["actions"]],
        "media": None if films is None else films["library"] | {"drives": films["drives"]},
    }


def _receiver_object(facts: Facts, report: ReceiverReport) -> dict[str, Any]:
    losses = ("socket_overflow", "reassembly_failures", "udp_errors")
    return {
        "updated": words.utc(report.updated),
        "started": words.utc(report.started),
        "last_frame": None if report.last_frame is None else words.utc(report.last_frame),
        "ports": list(report.ports),
        "frames_per_second": _rounded(facts.health.rates.frames),
        "counters": report.tally.as_json() | {name: getattr(report, name) for name in losses},
        "sources": {
            address: {
                "last_seen": words.utc(sender.last_seen),
                "frames_per_second": _rounded(facts.source_rate(address)),
                "counters": sender.tally.as_json(),
            }
            for address, sender in report.senders.items()
        },
    }


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 1)
