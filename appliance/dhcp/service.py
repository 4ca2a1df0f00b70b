# SPDX-License-Identifier: MIT
"""`glovebox dhcp`: allow dnsmasq to serve on one port, as long as nobody else does.

One run allows at most one time of serving: the permission is a file, dnsmasq's configuration, in a
folder that systemd removes with this service, and dnsmasq's unit is bound to it. To end serving the
run ends, in whatever way.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import select
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from appliance import service
from appliance.dhcp import frame, hearing, leases, message, network, newcomers, peers, policy
from appliance.dhcp.leases import Lease
from appliance.dhcp.message import Message
from appliance.dhcp.network import Served
from appliance.dhcp.newcomers import Newcomers
from appliance.dhcp.peers import Peer
from appliance.dhcp.permission import RUNTIME, STATE, Permission
from appliance.dhcp.policy import Decision, Situation, Surroundings
from appliance.dhcp.port import Port, look
from appliance.dhcp.watch import Server, Timing, Watch
from appliance.host import clocks, links
from appliance.host import network as addresses
from appliance.reports.dhcp import HeardServer, PortReport, Tenant
from appliance.service import Running
from appliance.settings.config import Config

log = logging.getLogger(__name__)

TURN_S = 0.5
PUBLISH_S = 2.0
# More than NTP corrects without a step: then leases are dated anew.
CLOCK_STEP_S = 60.0


class Guard:
    """Hears, asks and decides for one port."""

    def __init__(
        self,
        port: Port,
        settings: Config,
        served: Served,
        permission: Permission,
        timing: Timing,
        clock: Callable[[], float] = clocks.boottime,
    ) -> None:
        self._port = port
        self._settings = settings
        self._permission = permission
        self._timing = timing
        self._clock = clock
        self._served = served
        self._own = links.mac_address(port.interface)
        self._watch = Watch(timing, began=clock())
        self._identifier = int.from_bytes(os.urandom(4), "big")
        self._newcomers = Newcomers()
        self._surroundings: Surroundings | None = None
        self._decision: Decision | None = None
        self._problem = ""
        self._clock_offset = time.time() - clocks.boottime()

    def turn(self) -> Decision:
        """Take in what happened, ask if it is time, and decide."""
        now = self._clock()
        self._look(now)
        for data in self._port.frames():
            self._hear(data, now)
        self._watch = self._watch.advance(now)
        decision = self._decide(now)
        if decision.reason.asks and self._watch.is_question_due(now):
            self._ask(now)
        if decision.serve and self._permission.given:
            self._refuse(now)
        self._tell(decision)
        return decision

    def allow(self) -> None:
        """Let dnsmasq serve, or remember what it complains of."""
        self._problem = self._permission.give()
        self._clock_offset = time.time() - clocks.boottime()

    def clock_was_set(self) -> bool:
        """Tell whether the time of day has jumped since serving began."""
        return abs(time.time() - clocks.boottime() - self._clock_offset) > CLOCK_STEP_S

    def report(self) -> PortReport:
        """Return what is published."""
        assert self._decision is not None and self._surroundings is not None
        return PortReport(
            interface=self._port.interface,
            updated=time.time(),
            serving=self._permission.given,
            answers=is_answering(),
            reason=self._decision.reason.value,
            words=self._decision.words,
            address=str(self._served.own),
            most=self._served.size,
            devices=self._tenants() if self._decision.serve else (),
            link_ups=self._surroundings.link_ups,
            server=_heard_server(self._watch),
        )

    def remember(self, earlier: PortReport | None) -> None:
        """Take up what the run before this one had heard on the same link."""
        self._look(self._clock())
        assert self._surroundings is not None
        if earlier is None or earlier.link_ups != self._surroundings.link_ups:
            return
        heard = earlier.server
        if heard is None:
            return
        try:
            station = bytes.fromhex(heard.station.replace(":", ""))
            server = Server(IPv4Address(heard.address), station, heard.said)
        except ValueError:
            return
        self._watch = self._watch.resume(server, heard.heard, heard.pause)

    def _look(self, now: float) -> None:
        self._port.drain_changes()
        interface, sniffing = self._port.interface, self._settings.capture.interface
        found = look(interface, self._served.own, sniffing)
        if self._is_new_network(found):
            self._watch = Watch(self._timing, began=now)
        self._surroundings = found

    def _is_new_network(self, found: Surroundings) -> bool:
        before = self._surroundings
        if before is None or before.link_ups != found.link_ups or not before.carrier:
            return found.carrier and before is not None
        return bool(before.addresses) and not found.addresses

    def _hear(self, data: bytes, now: float) -> None:
        heard = hearing.classify(data, self._own, self._served.own.ip)
        if isinstance(heard, Server):
            self._watch, self._newcomers = self._watch.hear(heard, now), Newcomers()
        elif isinstance(heard, Peer):
            self._meet(heard, now)
        elif isinstance(heard, Message):
            self._watch = self._watch.want()
            # Where there ever was a server, it may answer a device that it knows and nobody else.
            if self._watch.server is None:
                self._newcomers = self._newcomers.hear(heard, now + self._timing.refusal)

    def _meet(self, peer: Peer, now: float) -> None:
        """Leave the port to another guard, or let it know that it is ours."""
        if peer.outranks(self._self()):
            server = Server(peer.address, peer.station, "it is another Glovebox")
            self._watch = self._watch.hear(server, now)
        else:
            self._watch = self._watch.call()

    def _self(self) -> Peer:
        """Return this guard as others know it."""
        number = links.number(self._port.interface) or 0
        machine, address = links.lowest_address(), self._served.own.ip
        return Peer(machine, number, self._own, address, self._permission.given)

    def _refuse(self, now: float) -> None:
        """Refuse the addresses that devices had in other networks."""
        self._newcomers, due = self._newcomers.ready(now)
        held = [(lease.station, lease.address) for lease in self._leases()] if due else []
        own, ports = self._served.own.ip, (message.SERVER_PORT, message.CLIENT_PORT)
        for asked in due:
            if not newcomers.is_held(asked, held):
                answer = message.refuse(asked, own)
                self._port.send(frame.broadcast(self._own, *ports, answer, own))

    def _ask(self, now: float) -> None:
        self._watch = self._watch.ask(now)
        own = peers.render(self._self())
        question = message.discover(self._port.station, self._identifier, guard=own)
        ports = message.CLIENT_PORT, message.SERVER_PORT
        self._port.send(frame.broadcast(self._port.station, *ports, question))

    def _decide(self, now: float) -> Decision:
        assert self._surroundings is not None
        phase = self._watch.phase(now)
        profile = self._settings.dhcp.profile
        server = self._watch.server
        own_port = self._own_port(server) if server else ""
        return policy.decide(
            Situation(profile, self._surroundings, phase, server, self._problem, own_port)
        )

    def _own_port(self, server: Server) -> str:
        """Return the other port of this machine that a server is; empty where it is none."""
        if server.station:
            name = links.named(server.station)
        else:
            name = addresses.interface_of(server.address)
        return "" if name == self._port.interface else name

    def _tell(self, decision: Decision) -> None:
        before, self._decision = self._decision, decision
        if before is not None and (before.reason, before.words) == (
            decision.reason,
            decision.words,
        ):
            return
        answer = "yes" if decision.serve else "no"
        log.info("serve on %s: %s, %s", self._port.interface, answer, decision.words)
        service.notify(f"STATUS={'Serving' if decision.serve else 'Silent'}: {decision.words}")

    def _leases(self) -> list[Lease]:
        try:
            return leases.parse(
                self._permission.lease_file.read_text(encoding="ascii", errors="replace")
            )
        except OSError:
            return []

    def _tenants(self) -> tuple[Tenant, ...]:
        now = time.time()
        return tuple(
            _tenant(lease)
            for lease in sorted(self._leases(), key=lambda lease: lease.address)
            if lease.expires == 0 or lease.expires > now
        )


def _tenant(lease: Lease) -> Tenant:
    name = "" if lease.name == "*" else lease.name
    return Tenant(str(lease.address), lease.station, name, float(lease.expires))


def _heard_server(watch: Watch) -> HeardServer | None:
    server = watch.server
    if server is None:
        return None
    station = server.station.hex(":")
    return HeardServer(str(server.address), station, server.said, watch.heard, watch.pause)


def is_answering(table: Path = Path("/proc/net/udp")) -> bool:
    """Tell whether somebody on this machine has the port of DHCP servers open (proc_net(5))."""
    local = f":{message.SERVER_PORT:04X}"
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return False
    return any(line.split()[1].endswith(local) for line in lines)


def random_station() -> bytes:
    """Return a station that nobody has: random, locally administered, no group."""
    random = os.urandom(6)
    return bytes([random[0] & 0xFC | 0x02]) + random[1:]


def guard_port(
    guard: Guard, port: Port, permission: Permission, running: Running, turn: float = TURN_S
) -> None:
    """Guard until stopped, or until serving has to end."""
    guard.remember(PortReport.read_port(port.interface))
    due, published = 0.0, None
    while not running.stop:
        running.beat()
        decision = guard.turn()
        if decision.serve and not permission.given:
            guard.allow()
            continue
        ends = permission.given and (not decision.serve or guard.clock_was_set())
        if ends:
            permission.withdraw()
        state = (decision.reason, decision.words, permission.given)
        if state != published or clocks.boottime() >= due:
            due, published = clocks.boottime() + PUBLISH_S, state
            running.publisher.publish(guard.report())
        if ends:
            log.info("serving on %s ends", port.interface)
            return
        select.select([port.socket, port.changes], [], [], turn)
    permission.withdraw()


def main(argv: Sequence[str]) -> int:
    """Guard one port; `--help` tells more."""
    parser = argparse.ArgumentParser(
        prog="glovebox dhcp",
        description="Look whether a DHCP server answers on a port. As long as none does, allow"
        " dnsmasq to serve there, by writing its configuration; when one is heard, end.",
        epilog="Exit status: 0 stopped, or serving had to end; 2 bad usage; 3 no such interface;"
        " 4 CAP_NET_RAW is missing; 78 no network can be served there.",
    )
    parser.add_argument("interface", help="the port")
    parser.add_argument("--runtime", type=Path, default=RUNTIME, help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    parser.add_argument("--haste", type=float, default=1.0, help=argparse.SUPPRESS)
    return service.run(PortReport.NAME, parser, argv, _body)


def _body(running: Running) -> int:
    arguments, settings = running.arguments, running.settings
    port = Port(arguments.interface, random_station())
    served = network.served(settings.dhcp, port.interface)
    permission = Permission(
        port.interface, settings.dhcp, served, arguments.runtime, arguments.state,
        settings.system.hostname,
    )  # fmt: skip
    permission.withdraw()
    timing = Timing().jittered(random.random()).hastened(arguments.haste)
    guard = Guard(port, settings, served, permission, timing)
    guard_port(guard, port, permission, running, TURN_S / arguments.haste)
    return 0
