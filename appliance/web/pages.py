# SPDX-License-Identifier: MIT
"""The tabs that rest on the figures alone, and those figures."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from appliance.alerts.news import Newsroom
from appliance.devices.directory import DeviceDirectory
from appliance.web import tabs
from appliance.web.monitor import Monitor
from appliance.web.selftest import Requests

MOST_SENDERS = 20
BUSIEST = 5  # routers on the overview; all of them are under System


@dataclass(frozen=True)
class Figures:
    """Where all that the templates show comes from. Several threads may use it."""

    monitor: Monitor
    newsroom: Newsroom
    requests: Requests
    directory: DeviceDirectory

    def now(self) -> dict[str, Any]:
        """Look, and return what the templates rest on; alerts are read by whoever calls `news`."""
        facts = self.monitor.facts()
        senders = facts.report.senders.items() if facts.report else ()
        values: dict[str, Any] = {
            "facts": facts,
            "devices": self.directory.now(facts.ports),
            "testing": self.requests.pending(facts.selftest),
            "senders": sorted(
                senders, key=lambda item: (item[1].tally.sent, item[0]), reverse=True
            ),
            "busiest": BUSIEST,
            "most_senders": MOST_SENDERS,
            "news": functools.cache(lambda: self.newsroom.news(time.time())),
        }
        return values | {"areas": functools.partial(lines, values)}


def blueprint(figures: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """Return the routes of all plain tabs."""
    routes = Blueprint("pages", __name__)
    for tab in tabs.TABS:
        if tab.is_plain:
            routes.add_url_rule(tab.path, tab.name, functools.partial(_show, tab.name, figures))
    return routes


def _show(name: str, figures: Callable[[], Mapping[str, Any]]) -> ResponseReturnValue:
    return render_template(f"{name}.html", **figures())


def lines(values: Mapping[str, Any]) -> list[tuple[tabs.Tab, str]]:
    """Return the areas of the overview, each with its line."""
    return [(tab, tab.line(values)) for tab in tabs.TABS if tab.line]
