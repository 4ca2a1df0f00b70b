# SPDX-License-Identifier: MIT
"""What happens per second now: one window, for all who show it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.reports.outcomes import Outcome
from appliance.reports.receiver import ReceiverReport
from appliance.reports.supervisor import Rates, Stage
from appliance.supervisor.history import History
from appliance.supervisor.losses import Flow
from appliance.supervisor.observations import Unknown

# Calm enough to be read, short enough to be now; a network in use has frames in each second.
WINDOW_S = 10.0


def rates(history: History) -> Rates:
    """Return the means over the window; nothing where two reports of the receiver are wanting."""
    now, before = history.now.receiver, history.oldest(WINDOW_S).receiver
    flows, seconds = history.span(WINDOW_S)
    if isinstance(now, Unknown) or isinstance(before, Unknown) or not seconds:
        return Rates()
    flow = flows.get(Stage.INTERFACE, Flow())
    return Rates(
        (flow.count - flow.lost) / seconds,
        _each(grown(before, now, Outcome.SENT), seconds),
        _each(_growth(before.lost, now.lost), seconds),
    )


def grown(before: ReceiverReport, now: ReceiverReport, outcome: Outcome) -> dict[str, int]:
    """Return for each sender with more datagrams of an outcome than before, how many more."""
    return _growth(_of_senders(before, outcome), _of_senders(now, outcome))


def _of_senders(report: ReceiverReport, outcome: Outcome) -> dict[str, int]:
    return {address: each.tally.outcomes[outcome] for address, each in report.senders.items()}


def _growth(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """Return what has grown, and by how much; a counter that is smaller has begun anew."""
    more = {name: _step(before.get(name, 0), count) for name, count in now.items()}
    return {name: count for name, count in more.items() if count}


def _step(then: int, now: int) -> int:
    return now - then if now >= then else now


def _each(counts: Mapping[str, int], seconds: float) -> dict[str, float]:
    return {name: round(count / seconds, 3) for name, count in sorted(counts.items())}
