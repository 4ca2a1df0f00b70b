# SPDX-License-Identifier: MIT
"""What other programs read: Munin's counters, AfterGlow's rows; strangers' text does no harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from appliance.logs.lines.event import Login, Tunnel
from appliance.reports.logs import LogsReport

# What a spreadsheet takes for a formula begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COUNTERS = {
    "failed": ("failed-login", "log-ins that failed"),
    "succeeded": ("login", "log-ins that succeeded"),
    "tunnels": ("tunnel", "tunnels"),
    "attempts": ("attempt", "packets that a firewall turned away"),
}
PROPERTIES = """\
# For afterglow.pl -c: the colours and sizes of Glovebox's own diagram.
color.source="red"
color.event="lightblue"
color.target="yellow"
shape.source="circle"
shape.event="circle"
shape.target="triangle"
maxnodesize=1
sum.source=0
size.source=$sourceCount{$sourceName}
size.event=$eventCount{$eventName}
size.target=$targetCount{$targetName}
"""


def munin_config() -> str:
    """Return what a plugin says when it is asked for its configuration."""
    lines = ["graph_title Honeypot and firewall", "graph_vlabel per minute", "graph_period minute",
             "graph_category security"]  # fmt: skip
    for name, (_, words) in COUNTERS.items():
        lines += [f"{name}.label {words}", f"{name}.type DERIVE", f"{name}.min 0"]
    return "\n".join(lines) + "\n"


def munin_values(report: LogsReport | None) -> str:
    """Return the counters since the service began, `U` for each while nobody tells."""
    events: Mapping[str, int] = report.events if report else {}
    return "".join(
        f"{name}.value {events.get(kind, 0) if report else 'U'}\n"
        for name, (kind, _) in COUNTERS.items()
    )


def afterglow_rows(events: Iterable[tuple[int, Login | Tunnel]]) -> str:
    """Return a row `source,port,target` for each tunnel."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for _, event in events:
        if isinstance(event, Tunnel):
            writer.writerow((event.source, event.port, cell(event.host)))
    return text.getvalue()


def cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
