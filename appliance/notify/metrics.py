# SPDX-License-Identifier: MIT
"""What /metrics tells of messages: alerts told and waiting, by channel; which channel fails."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.areas import Places
from appliance.formats.exposition import Family, by_label
from appliance.reports.notify import NotifyReport


def families(places: Places) -> Iterator[Family]:
    """Yield the lines of all channels; nothing where there is none."""
    report = NotifyReport.read(places.runtime)
    if report is None or not report.lines:
        return
    told = {each.name: each.told for each in report.lines}
    waiting = {each.name: each.waiting for each in report.lines}
    failing = {each.name: int(each.away_since > 0) for each in report.lines}
    yield Family("glovebox_notify_told_total", "counter", "Alerts that messages told of.",
                 by_label(told, "channel"))  # fmt: skip
    yield Family("glovebox_notify_waiting", "gauge", "Alerts that are still to be told.",
                 by_label(waiting, "channel"))  # fmt: skip
    yield Family("glovebox_notify_failing", "gauge", "Whether a channel takes no message.",
                 by_label(failing, "channel"))  # fmt: skip
