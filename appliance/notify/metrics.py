# SPDX-License-Identifier: MIT
"""What /metrics tells of messages and collectors: told, forwarded, waiting, lost, failing."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.area import Places
from appliance.formats.exposition import Family, by_label
from appliance.reports.notify import NotifyReport


def families(places: Places) -> Iterator[Family]:
    """Yield the lines of all channels; nothing where there is none."""
    report = NotifyReport.read(places.runtime)
    if report is None:
        return
    if report.lines:
        yield from _lines(report)
    if report.queues:
        yield from _queues(report)


def _lines(report: NotifyReport) -> Iterator[Family]:
    told = {each.name: each.told for each in report.lines}
    waiting = {each.name: each.waiting for each in report.lines}
    failing = {each.name: int(each.away_since > 0) for each in report.lines}
    yield Family("glovebox_notify_told_total", "counter", "Alerts that messages told of.",
                 by_label(told, "channel"))  # fmt: skip
    yield Family("glovebox_notify_waiting", "gauge", "Alerts that are still to be told.",
                 by_label(waiting, "channel"))  # fmt: skip
    yield Family("glovebox_notify_failing", "gauge", "Whether a channel takes no message.",
                 by_label(failing, "channel"))  # fmt: skip


def _queues(report: NotifyReport) -> Iterator[Family]:
    forwarded = {each.name: each.forwarded for each in report.queues}
    lost = {each.name: each.lost for each in report.queues}
    waiting = {each.name: each.waiting for each in report.queues}
    yield Family("glovebox_forward_forwarded_total", "counter", "Alerts that a collector took.",
                 by_label(forwarded, "collector"))  # fmt: skip
    yield Family("glovebox_forward_lost_total", "counter", "Alerts deleted before it was reached.",
                 by_label(lost, "collector"))  # fmt: skip
    yield Family("glovebox_forward_waiting", "gauge", "Alerts that wait for a collector.",
                 by_label(waiting, "collector"))  # fmt: skip
