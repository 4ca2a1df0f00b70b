# SPDX-License-Identifier: MIT
"""The loss ledger: what came into each stage from router to engine, and what was lost there. Pure.

    router → wire → reassembly → socket → decapsulation → interface → engine

The counters behind it start anew when their program does; the ledger's totals go on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from appliance.ids.engine import EngineAway, EngineCount
from appliance.reports.outcomes import Outcome
from appliance.reports.receiver import ReceiverReport
from appliance.reports.supervisor import LossRow, Stage
from appliance.supervisor.observations import Observations, Unknown

# RouterOS numbers neither its datagrams nor the frames in them (no TZSP tag 40), so nothing that
# arrives can tell what did not.
UNMEASURABLE = {
    Stage.ROUTER: "Not measurable: a MikroTik router does not number what it streams.",
    Stage.WIRE: "Not measurable: without numbers in the stream, a gap in it does not show.",
}
LOST = {
    Stage.REASSEMBLY: "datagrams never became whole: a fragment was missing",
    Stage.SOCKET: "datagrams found the receive buffer full",
    Stage.DECAPSULATION: "datagrams held no frame that can be used",
    Stage.INTERFACE: "frames were not taken by the sniffing interface",
    Stage.ENGINE: "frames passed the detection engine uninspected",
}
ADVICE = {
    Stage.ROUTER: "If traffic seems to be missing, look at the router's CPU load, and whether"
    " FastTrack or switch hardware forwards it past the sniffer.",
    Stage.WIRE: "Look at the error counters of the router's port: /interface ethernet print stats.",
    Stage.REASSEMBLY: "Full frames come in two fragments, and one lost loses both. Use a cable, not"
    " Wi-Fi, or an MTU of 1600 on the link from router to sensor: then nothing is cut.",
    Stage.SOCKET: "This machine is too busy to fetch them. Let the router stream less: one"
    " interface, or without the bulk traffic between your own machines.",
    Stage.DECAPSULATION: "See which sender it is. Only TZSP with Ethernet or Wi-Fi frames belongs"
    " on this port.",
    Stage.INTERFACE: "See whether the interface is up and its MTU is 65535.",
    Stage.ENGINE: "The engine cannot keep up or was not running. Let the router stream less.",
}


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets that came to a stage, and those of them lost there."""

    count: int = 0
    lost: int = 0

    @property
    def share(self) -> float:
        """The lost as a share of 1."""
        return self.lost / self.count if self.count else 0.0

    def __add__(self, other: Flow) -> Flow:
        return Flow(self.count + other.count, self.lost + other.lost)

    def since(self, start: Flow) -> Flow:
        """Return the growth from `start`; a counter that is smaller has begun anew."""
        return Flow(_growth(start.count, self.count), _growth(start.lost, self.lost))


def _growth(then: int, now: int) -> int:
    return now - then if now >= then else now


Flows = Mapping[Stage, Flow]


@dataclass(frozen=True)
class Ledger:
    """Totals by stage; how the counters stood at the last look; frames that no engine heard.

    `unheard` is the interface's packet counter where no engine listened at the last look, for as
    long as its unit has told nothing. `away` is what it tells, and `missed` is what of that has
    been counted.
    """

    totals: Flows = field(default_factory=dict)
    last: Flows = field(default_factory=dict)
    unheard: int | None = None
    away: EngineAway | None = None
    missed: int = 0

    def update(self, now: Observations) -> Ledger:
        """Return the ledger with what happened since the last look; at first, with all there is.

        A stage whose counters cannot be read now goes on later from where it was last seen.
        """
        seen = counters(now)
        totals = dict(self.totals)
        for stage, flow in seen.items():
            totals[stage] = totals.get(stage, Flow()) + flow.since(self.last.get(stage, Flow()))
        unheard, away = _unheard(now), now.away if isinstance(now.away, EngineAway) else None
        missed = self._sampled(unheard) if away is None else self._told(away, now)
        more = max(missed - self._counted(away), 0)
        if more:
            totals[Stage.ENGINE] = totals.get(Stage.ENGINE, Flow()) + Flow(more, more)
        return Ledger(totals, {**self.last, **seen}, unheard, away or self.away, missed)

    def _sampled(self, unheard: int | None) -> int:
        """Return the frames between looks at which nobody listened, as yet."""
        if unheard is None or self.unheard is None:
            return self.missed
        return self.missed + _growth(self.unheard, unheard)

    def _told(self, away: EngineAway, now: Observations) -> int:
        """Return the frames while the engine was away, to the frame."""
        if away.began is not None:
            return away.began - away.ended
        if isinstance(now.interface, Unknown):
            return self._counted(away)
        return _growth(away.ended, now.interface.packets)

    def _counted(self, away: EngineAway | None) -> int:
        """Return how many frames of the same time away have been counted."""
        is_other = away is not None and self.away is not None and away.ended != self.away.ended
        return 0 if is_other else self.missed

    def since(self, earlier: Ledger) -> Flows:
        """Return what happened after `earlier`, stage by stage."""
        return {
            stage: flow.since(earlier.totals.get(stage, Flow()))
            for stage, flow in self.totals.items()
        }


def inspected(flows: Flows) -> float | None:
    """Return the share of 1 of what arrived that came through every stage and was inspected.

    None where nothing arrived, or where the engine's count is not known.
    """
    if Stage.ENGINE not in flows or Stage.SOCKET not in flows or not flows[Stage.SOCKET].count:
        return None
    return math.prod(1.0 - flow.share for flow in flows.values())


def counters(observations: Observations) -> Flows:
    """Return what the counters of the programs say, for those stages that are known."""
    found: dict[Stage, Flow] = {}
    if not isinstance(observations.receiver, Unknown):
        found |= _receiver_flows(observations.receiver)
    if isinstance(observations.engine, EngineCount):
        found[Stage.ENGINE] = Flow(observations.engine.offered, observations.engine.lost)
    return found


def _receiver_flows(receiver: ReceiverReport) -> Flows:
    outcomes = receiver.tally.outcomes
    received = sum(outcomes)
    unusable = outcomes[Outcome.MALFORMED] + outcomes[Outcome.UNSUPPORTED_ENCAPSULATION]
    refused = (
        outcomes[Outcome.OVERSIZE] + outcomes[Outcome.NO_BUFFER] + outcomes[Outcome.INTERFACE_DOWN]
    )
    at_socket = received + receiver.socket_overflow
    incomplete = receiver.reassembly_failures
    return {
        Stage.REASSEMBLY: Flow(at_socket + incomplete, incomplete),
        Stage.SOCKET: Flow(at_socket, receiver.socket_overflow),
        Stage.DECAPSULATION: Flow(received, unusable),
        Stage.INTERFACE: Flow(outcomes[Outcome.SENT] + refused, refused),
    }


def _unheard(observations: Observations) -> int | None:
    if observations.listening is not False or isinstance(observations.interface, Unknown):
        return None
    return observations.interface.packets


def rows(totals: Flows, recent: Flows, with_engine: bool = True) -> tuple[LossRow, ...]:
    """Return a line for each stage that there is, in the order in which packets pass them.

    `recent` are the losses of the last minutes, as the caller chose them.
    """
    stages = [stage for stage in Stage if with_engine or stage is not Stage.ENGINE]
    return tuple(_row(stage, totals.get(stage), recent.get(stage, Flow())) for stage in stages)


def _row(stage: Stage, total: Flow | None, recent: Flow) -> LossRow:
    if stage in UNMEASURABLE:
        return _unmeasured(stage, UNMEASURABLE[stage], ADVICE[stage])
    if total is None:
        return _unmeasured(stage, "Not known yet.", "")
    if not total.lost:
        return LossRow(stage, total.count, 0, 0.0, 0, "Nothing lost.", "")
    when = f"{recent.lost:,} of them in the last minutes" if recent.lost else "none of them lately"
    text = f"{total.lost:,} of {total.count:,} {LOST[stage]}; {when}."
    percent = round(100 * total.share, 3)
    return LossRow(stage, total.count, total.lost, percent, recent.lost, text, ADVICE[stage])


def _unmeasured(stage: Stage, text: str, advice: str) -> LossRow:
    return LossRow(stage, None, None, None, None, text, advice)


def first_loss(lines: Iterable[LossRow]) -> Stage | None:
    """Return the first stage that is losing now: what is lost there never reaches the others."""
    return next((line.stage for line in lines if line.recent), None)
