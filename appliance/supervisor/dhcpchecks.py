# SPDX-License-Identifier: MIT
"""Judgements of what the kit is for in a car. Pure."""

from __future__ import annotations

from appliance.dhcp.policy import Reason
from appliance.reports.dhcp import PortReport
from appliance.reports.levels import Result, fail, ok, warn
from appliance.reports.states import State
from appliance.supervisor.check import Check
from appliance.supervisor.history import History
from appliance.supervisor.observations import Observations, Unknown, known
from appliance.supervisor.servicechecks import HANGS_S, RESTARTED

# dnsmasq starts within this, and systemd starts it again as often as it ends.
STARTING_S = 30.0


def dhcp(history: History) -> Result | None:
    """Judge the ports on which addresses may be given out: the worst one speaks."""
    ports = known(history.now.dhcp)
    found = [_port(history, port) for port in ports]
    return max(found, key=lambda result: result.level.severity, default=None)


def _port(history: History, port: PortReport) -> Result:
    before = _earlier(history.ago(HANGS_S), port)
    # Equality, not age: the clock may be set between two looks.
    if before is not None and before.updated == port.updated:
        text = f"The DHCP guard on {port.interface} no longer reports."
        return fail(text, RESTARTED)
    longer = _earlier(history.ago(STARTING_S), port)
    if port.serving and not port.answers and longer is not None and longer.serving:
        return fail(f"DHCP on {port.interface} does not run, although it may.", RESTARTED)
    if port.reason == Reason.PROBLEM:
        return fail(port.sentence, "Correct the settings under [dhcp].")
    if port.reason == Reason.FOREIGN:
        advice = "That is right at home. In the car, switch that server off or unplug its device."
        return warn(port.sentence, advice, State.OTHER_DHCP)
    if port.serving and len(port.devices) >= port.most:
        return warn(
            f"All {port.most} addresses on {port.interface} are given out: a new device gets none.",
            "If you have fewer devices, one of them takes them all: find it and unplug it.",
        )
    return ok(port.sentence)


def _earlier(look: Observations | None, port: PortReport) -> PortReport | None:
    if look is None or isinstance(look.dhcp, Unknown):
        return None
    return next((each for each in look.dhcp if each.interface == port.interface), None)


# fmt: off
CHECKS = (
    Check("dhcp", "addresses for devices, and never beside another server", 2, ("dhcp",), dhcp),
)
# fmt: on
