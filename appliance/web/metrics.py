# SPDX-License-Identifier: MIT
"""`/metrics`: the figures of every area for Prometheus (docs/developer/api.md).

What is not known now is left out: an old figure would pass for one of this moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import Blueprint
from flask.typing import ResponseReturnValue

from appliance import __version__, areas
from appliance.area import Places, load
from appliance.formats.exposition import CONTENT_TYPE, Family, gauge, render
from appliance.ids import engines
from appliance.reports.levels import Level
from appliance.web.facts import Facts
from appliance.web.monitor import Monitor


def blueprint(monitor: Monitor, database: Path) -> Blueprint:
    """Return the route `/metrics`; `database` holds the alerts."""
    routes = Blueprint("metrics", __name__)
    places = Places(monitor.directory, database)

    @routes.get("/metrics")
    def metrics() -> ResponseReturnValue:
        found = families(monitor.facts(), places)
        return render(found), 200, {"Content-Type": CONTENT_TYPE}

    return routes


def families(facts: Facts, places: Places) -> Iterator[Family]:
    """Yield every figure that is known; yes is 1, no is 0."""
    yield Family(
        "glovebox_build_info", "gauge", "Which version this is.", (({"version": __version__}, 1),)
    )
    yield gauge("glovebox_watching", "Whether frames are inspected.", int(facts.watching))
    yield gauge("glovebox_engine_listening", "Whether the engine listens.", _listening(facts))
    supervised = int(facts.is_supervised)
    yield gauge("glovebox_supervised", "Whether the supervisor reports.", supervised)
    for area in areas.AREAS:
        if area.metrics:
            yield from load(area.metrics)(places)


def _listening(facts: Facts) -> int | None:
    engine = facts.health.finding("engine")
    if facts.engine == engines.NONE or engine is None:
        return None
    return {Level.OK: 1, Level.FAIL: 0}.get(engine.level)
