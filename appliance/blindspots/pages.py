# SPDX-License-Identifier: MIT
"""`/blindspots`: each hour of the last day, and where the sensor saw less than there was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from appliance.blindspots.sentences import ADVICE, sentence
from appliance.reports.flows import BlindSpotsReport


def blueprint(figures: Callable[[], Mapping[str, Any]], runtime: Path) -> Blueprint:
    """Return the route; `figures` returns what the frame of the page rests on."""
    routes = Blueprint("blindspots", __name__)

    @routes.get("/blindspots", endpoint="show")
    def show() -> ResponseReturnValue:
        report = BlindSpotsReport.read(runtime)
        hours = reversed(report.hours) if report else ()
        return render_template("blindspots.html", **figures(), hours=list(hours), report=report,
                               sentence=sentence, advice=ADVICE)  # fmt: skip

    return routes
