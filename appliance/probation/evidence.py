# SPDX-License-Identifier: MIT
"""What shows that this machine can be reached: looked at here, judged by pure functions."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance import areas
from appliance.formats import plain_address
from appliance.host import links, network
from appliance.probation.keeping import OnTrial
from appliance.reports import statusfile
from appliance.reports.receiver import ReceiverReport
from appliance.requests import VISITED

# networkd's, one for each port that a router gave an address.
LEASES = Path("/run/systemd/netif/leases")
# Discarded where it arrives (RFC 863); that it is sent makes the kernel look for the neighbour.
DISCARD = 9

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look around.

    `visited`: somebody opened the page; `connected`: a device has a connection to a service of
    ours; `streamed`: a router's frames came; `gateways` are those that answer; `leased`: a router
    gave an address. `cable` and `radio` tell what there is to reach somebody by.
    """

    visited: bool = False
    connected: bool = False
    streamed: bool = False
    gateways: tuple[str, ...] = ()
    leased: bool = False
    cable: bool = False
    radio: bool = False


def proof(trial: OnTrial, seen: Seen) -> str:
    """Return in words what shows that the settings on trial work; empty where nothing does."""
    if seen.visited:
        return "the page was opened"
    if seen.connected:
        return "a device has reached it"
    if seen.streamed:
        return "a router's stream arrives"
    # Of fixed ones just these tell: a neighbour that answers on IPv6 knows nothing of them.
    answering = [each for each in seen.gateways if not trial.gateways or each in trial.gateways]
    if answering:
        return f"the gateway {answering[0]} answers"
    return "a router gave it an address" if seen.leased and not trial.gateways else ""


def counts(trial: OnTrial, seen: Seen) -> bool:
    """Tell whether somebody could be reached now: without a cable no address does any harm."""
    return (trial.wired and seen.cable) or (trial.wifi and seen.radio)


def look(trial: OnTrial, runtime: Path = statusfile.RUNTIME_DIRECTORY) -> Seen:
    """Look around, and knock at the gateways, so that they may answer until the next look."""
    asked = {*trial.gateways, *network.gateways()}
    found = _reachable()
    _knock(asked)
    cards = links.cards()
    return Seen(
        visited=(runtime / VISITED).exists(),
        connected=_connected(),
        streamed=_streamed(runtime),
        gateways=tuple(sorted(asked & found)),
        leased=any(LEASES.glob("[0-9]*")),
        cable=any(links.has_carrier(each) for each in cards if not links.is_wireless(each)),
        radio=any(map(links.is_wireless, cards)),
    )


def _knock(gateways: set[str]) -> None:
    for each in gateways:
        version = socket.AF_INET6 if ":" in each else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(version, socket.SOCK_DGRAM) as outgoing:
            outgoing.setblocking(False)
            outgoing.sendto(b"", (each, DISCARD))


def _reachable() -> set[str]:
    """Return the addresses of neighbours that have just answered (ip-neighbour(8))."""
    argv = ["ip", "-json", "neighbour", "show", "nud", "reachable"]
    try:
        done = subprocess.run(argv, capture_output=True, check=True, timeout=10)
        return {str(each["dst"]) for each in json.loads(done.stdout or b"[]")}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        # Else a gateway that answers would look like one that does not.
        log.warning("which neighbours answer is not known: %s", error)
        return set()


def _connected() -> bool:
    """Tell whether somebody outside has a connection to a port that is open to everyone."""
    ours = {port.number for port in areas.ports() if port.protocol == "tcp"}
    return any(
        each.status == psutil.CONN_ESTABLISHED
        and each.laddr.port in ours
        and _is_outside(each.raddr.ip, each.laddr.ip)
        for each in psutil.net_connections("tcp")
        if each.laddr and each.raddr
    )


def _streamed(runtime: Path) -> bool:
    found = ReceiverReport.read(runtime)
    return found is not None and any(
        sender.tally.sent and _is_outside(name, "") for name, sender in found.senders.items()
    )


def _is_outside(remote: str, local: str) -> bool:
    """Tell whether an address is of another machine."""
    address = plain_address.read(remote)
    return address is not None and not address.is_loopback and remote != local
