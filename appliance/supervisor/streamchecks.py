# SPDX-License-Identifier: MIT
"""Judgements of the way from the router to the sniffing interface. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from appliance import words
from appliance.reports.levels import Level, Result, fail, ok, unknown, warn
from appliance.reports.outcomes import Outcome
from appliance.reports.receiver import ReceiverReport
from appliance.reports.states import State
from appliance.reports.supervisor import Stage
from appliance.supervisor import losses, rates, units
from appliance.supervisor.check import Check
from appliance.supervisor.history import History
from appliance.supervisor.losses import ADVICE, LOST
from appliance.supervisor.observations import Observations, Unknown, known
from appliance.supervisor.rates import WINDOW_S
from appliance.supervisor.servicechecks import service
from appliance.udp.sources import LOOPBACK, OTHERS

# For how long a loss counts as one of now.
LOSS_S = 60.0
STALE_S = 10.0
# Smaller shares than this are said, but are no reason to call anyone.
TOLERABLE = 0.001
SEVERE = 0.1
# The self-test, and all for whom there was no room.
NOT_ROUTERS = (*map(str, LOOPBACK), OTHERS)
# Jumbo frames fit; tzsp0 is made with 65535.
SMALLEST_MTU = 9216
POINT_ROUTER = (
    "On the router: /tool sniffer set streaming-enabled=yes streaming-server={address}:{port}"
    " filter-stream=yes; /tool sniffer start"
)


def interface(history: History) -> Result:
    """Judge the sniffing interface: it is there, takes any frame, and carries nothing of ours."""
    found = known(history.now.interface)
    name = found.name
    if not found.present or not found.up:
        state = "is down" if found.present else "is missing"
        return fail(
            f"The sniffing interface {name} {state}: no frame can be inspected.",
            "It is set up again by itself; if it does not come back, restart this machine.",
            units.INTERFACES,
            State.ENGINE_DOWN,
        )
    if found.kind:
        return warn(
            f"{name} is no dummy interface but a {found.kind}: frames may leave this machine.",
            'Set interface = "tzsp0" under [capture].',
        )
    if found.mtu < SMALLEST_MTU:
        return warn(
            f"The MTU of {name} is {found.mtu}: larger frames are dropped.",
            "Restart this machine: the interface is made with 65535.",
        )
    return ok(f"{name} is up.")


def address(history: History) -> Result:
    """Judge whether the sniffing interface is without addresses, as it must be."""
    found = known(history.now.addresses)
    if not found:
        return ok("The sniffing interface has no address.")
    return warn(
        f"The sniffing interface has the address {words.listed(found)}: this machine's own traffic"
        " mixes with the router's.",
        "Remove what sets it; no address is needed there.",
    )


def reports(history: History) -> Result:
    """Judge whether the receiver goes on publishing: the figures below are worth as much."""
    now = known(history.now.receiver)
    before = history.ago(STALE_S)
    # Equality, not age: the clock may be set between two looks.
    then = before.receiver if before else None
    if isinstance(then, ReceiverReport) and then.updated == now.updated:
        return fail(
            "The receiver no longer reports: its figures are old.",
            "It is restarted by itself.",
            units.RECEIVER,
            State.ENGINE_DOWN,
        )
    if before is None and not now.is_fresh(history.now.time):
        age = words.duration(abs(history.now.time - now.updated))
        return unknown(f"The receiver last reported {age} ago.")
    return ok("The receiver reports each second.")


def stream(history: History) -> Result:
    """Judge whether frames arrive, from whom, and if not, since when."""
    now = known(history.now.receiver)
    found = rates.rates(history)
    if found.frames:
        senders = words.listed(list(found.senders)) or "a router"
        text = f"{words.rate(found.frames)} frames a second arrive from {senders}."
        return ok(text, _good(history.now))
    return _no_frames(history.now, now)


def _good(look: Observations) -> State:
    return State.CAPTURING if look.listening is None else State.SEEING


def _no_frames(look: Observations, now: ReceiverReport) -> Result:
    address = next(iter(_targets(look)), "THE-ADDRESS-OF-THIS-MACHINE")
    advice = POINT_ROUTER.format(address=address, port=now.ports[0])
    if now.last_frame is not None:
        # The clock may have been set since: that it is near says less than that it is far.
        silent = abs(look.time - now.last_frame)
        if silent < WINDOW_S:
            return ok("Frames arrive.", _good(look))
        text = f"The stream stopped {words.duration(silent)} ago."
    elif now.tally.keepalives:
        text = "A router is set up, but sends keepalives only."
    elif now.tally.received:
        text = "Datagrams arrive, but none holds a frame that can be used."
    else:
        text = "No router streams to this machine yet."
    return warn(text, advice, State.WAITING)


def _targets(look: Observations) -> list[str]:
    """Return where RouterOS, which streams over IPv4, can reach this machine."""
    found = () if isinstance(look.home, Unknown) else look.home
    return [str(address) for address in found if address.version == 4]


def network(history: History) -> Result:
    """Judge whether a router can reach this machine."""
    known(history.now.home)
    targets = _targets(history.now)
    if targets:
        return ok(f"This machine is at {words.listed(targets)}.")
    return warn(
        "This machine has no IPv4 address: no router can stream to it.",
        "Plug in its network cable; it takes the address that the router gives it.",
    )


def routers(history: History) -> Result | None:
    """Judge each router that the settings list: does it stream, and when did it last?"""
    listed = known(history.now.settings).routers
    if not listed:
        return _anybody(history)
    senders = known(history.now.receiver).senders
    silent = []
    for address in map(str, listed):
        if address not in senders:
            silent.append(f"{address} has not streamed yet")
        elif (age := abs(history.now.time - senders[address].last_seen)) >= WINDOW_S:
            silent.append(f"{address} last streamed {words.duration(age)} ago")
    if not silent:
        told = words.listed(list(map(str, listed)))
        return ok(f"Every router that is listed streams, and no other is accepted: {told}.")
    text = f"Of the routers in the settings, {words.listed(silent)}"
    others = sorted(_grown(history, Outcome.UNLISTED_SOURCE))
    if not others:
        return warn(f"{text}.", "See whether its sniffer runs.")
    return warn(
        f"{text}, while {words.listed(others)} streams without being in the settings.",
        "If your router has another address now, put that under [capture], or accept it under"
        " System on the page; if not, somebody sends in its place.",
    )


def _anybody(history: History) -> Result | None:
    """Say what it means that the settings list no router, once one streams."""
    found = rates.rates(history)
    names = ", ".join(f'"{sender}"' for sender in found.senders if sender not in NOT_ROUTERS)
    if not names:
        return None
    return ok(
        "No router is listed: anybody in this network may send frames, and so make false alerts or"
        " crowd yours out. To accept only what streams now, press the button under System on the"
        f" page, or write routers = [{names}] under [capture]."
    )


def strangers(history: History) -> Result:
    """Judge whether someone streams whom the settings do not list."""
    found = _grown(history, Outcome.UNLISTED_SOURCE)
    if not found:
        return ok("No unlisted router streams.")
    return warn(
        f"{words.listed(sorted(found))} streams to this machine without being in the settings.",
        "If it is yours, add its address to routers under [capture], or accept it under System on"
        " the page.",
    )


def feedback(history: History) -> Result:
    """Judge whether the router captures its own stream and sends it to us again."""
    count = sum(_grown(history, Outcome.FEEDBACK).values())
    if not count:
        return ok("The stream does not contain itself.")
    return warn(
        f"The stream contains itself: {count:,} datagrams in the last minute were its own stream.",
        "On the router: /tool sniffer set filter-stream=yes. If another device captures it, exclude"
        " UDP port 37008 there.",
    )


def _grown(history: History, outcome: Outcome) -> dict[str, int]:
    now, before = known(history.now.receiver), history.ago(LOSS_S)
    then = now if before is None else before.receiver
    return {} if isinstance(then, Unknown) else rates.grown(then, now, outcome)


def inspected(history: History) -> Result | None:
    """Judge how much of the last minute's traffic came through every stage and was inspected."""
    flows, _ = history.span(LOSS_S)
    share = losses.inspected(flows)
    if share is None:
        return None
    if 1.0 - share < TOLERABLE:
        return ok("The traffic of the last minute was inspected.")
    stage = max(flows, key=lambda each: flows[each].share)
    flow = flows[stage]
    text = f"{words.percent(share)} of the traffic of the last minute was inspected: {flow.lost:,}"
    text = f"{text} of {flow.count:,} {LOST[stage]}."
    result = warn(text, ADVICE[stage], State.LOSING)
    return replace(result, level=Level.FAIL) if 1.0 - share >= SEVERE else result


def loss(history: History, stage: Stage) -> Result | None:
    """Judge what one stage lost in the last minute."""
    flows, _ = history.span(LOSS_S)
    flow = flows.get(stage)
    if flow is None:
        return None
    if not flow.lost:
        return ok("Nothing lost in the last minute.")
    share = words.percent(flow.share)
    text = f"In the last minute {flow.lost:,} of {flow.count:,} {LOST[stage]} ({share})."
    if flow.share < TOLERABLE:
        return ok(text)
    result = warn(text, ADVICE[stage], State.LOSING)
    return replace(result, level=Level.FAIL) if flow.share >= SEVERE else result


# fmt: off
CHECKS = (
    Check("interface", "the sniffing interface", 2, ("interface",), interface),
    Check("address", "no address on it", 10, ("addresses",), address),
    Check("network", "a router can reach this machine", 10, ("home",), network),
    Check("receiver", "glovebox-receiver", 2, ("units",),
          partial(service, unit=units.RECEIVER, name="The receiver", state=State.ENGINE_DOWN)),
    Check("reports", "the receiver's figures are fresh", 2, ("receiver",), reports),
    Check("stream", "frames arrive", 2, ("receiver", "listening"), stream),
    Check("routers", "each router of the settings streams", 10, ("receiver",), routers),
    Check("strangers", "nobody else streams", 10, ("receiver",), strangers),
    Check("feedback", "the stream does not contain itself", 10, ("receiver",), feedback),
    Check("inspected", "how much is inspected", 2,
          ("receiver", "engine", "interface", "listening", "away"), inspected),
    Check("loss-reassembly", "every fragment arrives", 2, ("receiver",),
          partial(loss, stage=Stage.REASSEMBLY)),
    Check("loss-socket", "the receiver keeps up", 2, ("receiver",),
          partial(loss, stage=Stage.SOCKET)),
    Check("loss-decapsulation", "datagrams can be used", 2, ("receiver",),
          partial(loss, stage=Stage.DECAPSULATION)),
    Check("loss-interface", "the interface takes the frames", 2, ("receiver",),
          partial(loss, stage=Stage.INTERFACE)),
)
# fmt: on
