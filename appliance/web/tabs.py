# SPDX-License-Identifier: MIT
"""The tabs of the page, one row each.

A new area adds its row here, a module, and templates; what is live of it goes into `parts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.alerts import stream_page
from appliance.blocking import pages as blocking
from appliance.devices import pages as devices
from appliance.web import system

Figures = Mapping[str, Any]
"""What the templates rest on: pages.Figures says what there is."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the page.

    `short` is what stands in the bar. `icon` is a path in a square of 24 units. `parts` are
    what is kept current: of each the template `_PART.html`, in an element with that id. `line` says
    on the overview how things are there.
    """

    name: str
    title: str
    short: str
    path: str
    icon: str
    parts: tuple[str, ...]
    line: Callable[[Figures], str] | None = None
    endpoint: str = ""
    """The view that draws the tab; without one, `NAME.html` is drawn from the figures alone."""
    below: tuple[str, ...] = ()
    """Views of the pages that the tab leads to and that have no tab of their own."""

    @property
    def is_plain(self) -> bool:
        """Whether the tab rests on the figures alone."""
        return not self.endpoint

    @property
    def view(self) -> str:
        """The endpoint in Flask."""
        return self.endpoint or f"pages.{self.name}"


def found(check: str, otherwise: str) -> Callable[[Figures], str]:
    """Return a line that says what a check found; `otherwise` where it found nothing yet."""

    def line(figures: Figures) -> str:
        finding = figures["facts"].health.finding(check)
        return str(finding.words) if finding is not None else otherwise

    return line


TABS = (
    Tab(
        name="overview",
        title="Overview",
        short="Overview",
        path="/",
        icon="M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-5v-6h-4v6H5a1 1 0 0 1-1-1z",
        parts=(
            *("announcement", "state", "configuration", "troubles", "setup"),
            *("stream", "engine", "news", "areas"),
        ),
    ),
    Tab(
        name="alerts",
        title="Alerts",
        short="Alerts",
        path="/alerts",
        icon="M6 17V11a6 6 0 0 1 12 0v6l2 1H4zM10 21h4",
        parts=("announcement", "standing"),
        line=stream_page.line,
        endpoint="alerts.inbox",
        below=("stream.search", "alerts.row", "rules.rule", "rules.quieted", "evidence.show"),
    ),
    Tab(
        name="traffic",
        title="Traffic",
        short="Traffic",
        path="/hosts",
        icon="M4 20V4M4 20h16M8 16l4-6 3 3 5-7",
        parts=("announcement", "standing"),
        line=found("flows", "No router sends flows."),
        endpoint="hosts.list",
        below=("hosts.one", "questions.ask", "countries.show", "blindspots.show"),
    ),
    Tab(
        name="devices",
        title="Devices and films",
        short="Devices",
        path="/devices",
        icon="M4 5h16v11H4zM8 20h8M10.5 8v5l4-2.5z",
        parts=("announcement", "standing", "addresses", "films", "drives", "copying"),
        line=devices.line,
        below=("devices.one", "devices.every"),
    ),
    Tab(
        name="router",
        title="Router and blocking",
        short="Router",
        path="/router",
        icon="M3 14h18v6H3zM7 17h.01M11 17h.01M12 14V9M8.5 7.5a5 5 0 0 1 7 0",
        parts=("announcement", "standing", "neighbours", "routers", "answers", "blocking"),
        line=blocking.line,
        below=("changes.list", "changes.one", "console.show"),
    ),
    Tab(
        name="pictures",
        title="Pictures",
        short="Pictures",
        path="/fireplot",
        icon="M4 4v16h16M8 15h.01M10 8h.01M13 12h.01M13 17h.01M17 7h.01M18 14h.01",
        parts=("announcement", "standing"),
        line=found("logs", "No router sends its log."),
        endpoint="logs.show",
        below=("logs.honeypot", "logs.watch"),
    ),
    Tab(
        name="intel",
        title="Intelligence",
        short="Intelligence",
        path="/intel",
        icon="M4 6h10M4 12h7M4 18h5M17 11a4 4 0 1 1-1 7.9M20 21l-2-3",
        parts=("announcement", "standing"),
        line=found("intel", "There is no list yet."),
        endpoint="intel.show",
    ),
    Tab(
        name="system",
        title="System",
        short="System",
        path="/system",
        icon="M3 12h4l2.5-6 4.5 13 2.5-7H21",
        parts=(
            *("announcement", "standing", "selftest", "ledger", "findings", "checks"),
            *("counters", "senders"),
        ),
        line=system.line,
        below=(
            *("entry.password", "erasing.erase", "notify.show"),
            *("amending.show", "amending.change"),
        ),
    ),
)
BY_NAME = {tab.name: tab for tab in TABS}


def of(endpoint: str | None) -> Tab | None:
    """Return the tab that a view belongs to, or None for a page of its own."""
    return next((tab for tab in TABS if endpoint in (tab.view, *tab.below)), None)
