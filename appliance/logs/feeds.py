# SPDX-License-Identifier: MIT
"""What other programs read: Munin's counters, AfterGlow's rows, Logstalgia's lines. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from appliance.logs.lines.event import Login, Tunnel
from appliance.logs.live_ring import LiveRow
from appliance.reports.logs import LogsReport

# What a spreadsheet takes for a formula begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 64  # characters of a name or a password in Logstalgia
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


def logstalgia_line(row: LiveRow, now: int | None = None) -> str:
    """Return `time|source|what|code|size|success`, stamped with `now` where that is given.

    A log-in that succeeded has 0, so that its ball passes the paddle. A `|` in a password would
    have Logstalgia read another success: it stands as `?`, as all does that is no printable ASCII.
    """
    what, code = plain(row.what) or "?", plain(row.with_what)
    time = row.time if now is None else now
    return f"{time}|{row.source}|{what}|{code}|{row.size}|{int(not row.passed)}\n"


def plain(text: str) -> str:
    """Return a text as printable ASCII without `|`, cut."""
    cut = text[:LONGEST]
    return "".join(each if " " <= each <= "~" and each != "|" else "?" for each in cut)


def cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
