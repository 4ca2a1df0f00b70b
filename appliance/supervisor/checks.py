"""The table of checks: what is looked at, how often, and the pure function that judges it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from appliance.reports.levels import Result, unknown
from appliance.reports.states import State
from appliance.reports.supervisor import Stage
from appliance.supervisor import (
    dhcpchecks,
    filmchecks,
    machinechecks,
    servicechecks,
    streamchecks,
    units,
)
from appliance.supervisor.history import History
from appliance.supervisor.observations import NotKnownError
from appliance.supervisor.servicechecks import service
from appliance.supervisor.streamchecks import loss

Judge = Callable[[History], Result | None]
"""None: this machine has nothing of the kind."""


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what it is about, every how many seconds, which observations it needs, its judge."""

    name: str
    what: str
    every: float
    needs: tuple[str, ...]
    judge: Judge


# fmt: off
CHECKS = (
    Check("interface", "the sniffing interface", 2, ("interface",), streamchecks.interface),
    Check("address", "no address on it", 10, ("addresses",), streamchecks.address),
    Check("network", "a router can reach this machine", 10, ("home",), streamchecks.network),
    Check("receiver", "glovebox-receiver", 2, ("units",),
          partial(service, unit=units.RECEIVER, name="The receiver", state=State.ENGINE_DOWN)),
    Check("reports", "the receiver's figures are fresh", 2, ("receiver",), streamchecks.reports),
    Check("stream", "frames arrive", 2, ("receiver", "listening"), streamchecks.stream),
    Check("routers", "each router of the settings streams", 10, ("receiver",),
          streamchecks.routers),
    Check("strangers", "nobody else streams", 10, ("receiver",), streamchecks.strangers),
    Check("feedback", "the stream does not contain itself", 10, ("receiver",),
          streamchecks.feedback),
    Check("inspected", "how much is inspected", 2,
          ("receiver", "engine", "interface", "listening"), streamchecks.inspected),
    Check("loss-reassembly", "every fragment arrives", 2, ("receiver",),
          partial(loss, stage=Stage.REASSEMBLY)),
    Check("loss-socket", "the receiver keeps up", 2, ("receiver",),
          partial(loss, stage=Stage.SOCKET)),
    Check("loss-decapsulation", "datagrams can be used", 2, ("receiver",),
          partial(loss, stage=Stage.DECAPSULATION)),
    Check("loss-interface", "the interface takes the frames", 2, ("receiver",),
          partial(loss, stage=Stage.INTERFACE)),
    Check("engine", "glovebox-ids", 2, ("units", "interface", "listening"),
          servicechecks.engine),
    Check("inspection", "the engine sees the frames", 2, ("units", "engine", "interface"),
          servicechecks.inspects),
    Check("loss-engine", "the engine keeps up", 2, ("engine", "interface", "listening"),
          partial(loss, stage=Stage.ENGINE)),
    Check("store", "glovebox-alerts", 2, ("units",),
          partial(service, unit=units.STORE, name="The alert store")),
    Check("store-reports", "the alert store's figures are fresh", 2, ("store",),
          servicechecks.store_reports),
    Check("storing", "alerts get into the database", 2, ("store",), servicechecks.storing),
    Check("flood", "alerts come one by one", 2, ("store",), servicechecks.flood),
    Check("alarm", "no fresh alert of high priority", 2, ("store", "alarm"), servicechecks.alarm),
    Check("page", "glovebox-web", 2, ("units", "pulses"),
          partial(servicechecks.lively, unit=units.PAGE, name="The status page")),
    Check("leds", "glovebox-leds", 2, ("units", "pulses"),
          partial(servicechecks.lively, unit=units.LEDS, name="The LED service")),
    Check("ended", "no service ended", 2, ("comebacks",), servicechecks.ended),
    Check("configuration", "the settings", 6, ("settings",), machinechecks.configuration),
    Check("clock", "the clock is set", 2, ("store",), machinechecks.clock),
    Check("clock-jump", "the clock runs evenly", 2, ("store",), machinechecks.clock_jump),
    Check("memory", "free memory", 4, ("memory",), machinechecks.memory),
    Check("disks", "room to write", 4, ("disks",), machinechecks.disks),
    Check("temperature", "the processor's heat", 10, ("temperature",), machinechecks.temperature),
    Check("power", "the power supply", 10, ("power",), machinechecks.power),
    Check("dhcp", "addresses for devices, and never beside another server", 2, ("dhcp",),
          dhcpchecks.dhcp),
    Check("firewall", "glovebox-firewall", 10, ("units",),
          partial(service, unit=units.FIREWALL, name="The firewall")),
    Check("media", "the media server", 4, ("units", "media", "settings"), filmchecks.media),
    Check("drives", "sticks and disks", 4, ("drives", "settings"), filmchecks.drives),
    Check("partition", "the films on the card", 2, ("partition",), filmchecks.partition),
    Check("selftest", "the newest self-test", 10, ("selftest",), machinechecks.selftest),
)
# fmt: on

# Rounds are not made to the millisecond.
SLACK_S = 0.5

Results = Mapping[str, Result]
"""By name of the check, in the order of the table."""


def due(last: Mapping[str, float], boottime: float, checks: Sequence[Check] = CHECKS) -> set[str]:
    """Return the names of the checks whose time has come; `last` is when each was made."""
    return {
        check.name
        for check in checks
        if check.name not in last or boottime - last[check.name] >= check.every - SLACK_S
    }


def needs(names: set[str], checks: Sequence[Check] = CHECKS) -> set[str]:
    """Return the names of the observations that checks want."""
    return {need for check in checks if check.name in names for need in check.needs}


def judge(
    history: History, names: set[str], before: Results, checks: Sequence[Check] = CHECKS
) -> Results:
    """Return the results: new ones of the checks in `names`, those from before of the others."""
    found = {
        check.name: _judge_one(check, history) if check.name in names else before.get(check.name)
        for check in checks
    }
    return {name: result for name, result in found.items() if result is not None}


def _judge_one(check: Check, history: History) -> Result | None:
    try:
        return check.judge(history)
    except NotKnownError as error:
        return unknown(f"Not known: {error}.")
