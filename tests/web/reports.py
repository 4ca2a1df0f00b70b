# SPDX-License-Identifier: MIT
"""What the services publish, as they publish it; tests name what they are about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from appliance.reports.blocking import (
    Blocked,
    BlockingReport,
    PastBlock,
    RouterPoint,
    RouterState,
    Spared,
)
from appliance.reports.dhcp import PortReport, Tenant
from appliance.reports.films import Client, Drive, Films, Library
from appliance.reports.levels import Level
from appliance.reports.outcomes import Outcome, Tally
from appliance.reports.receiver import KernelCounters, ReceiverReport, Sender
from appliance.reports.rules import LeftOut, RulesReport
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.reports.supervisor import Finding, Health, LossRow, Rates, Stage

ROUTER = "192.0.2.1"
STARTED = 1_795_000_000.0


def a_report(now: float, frames: int = 990, keepalives: int = 7, **dropped: int) -> ReceiverReport:
    """Return what the receiver says at `now` of one router."""
    tally = Tally(bytes_received=frames * 640, bytes_sent=frames * 600)
    for name, count in {"sent": frames, "keepalive": keepalives, **dropped}.items():
        tally.outcomes[Outcome[name.upper()]] = count
    return ReceiverReport(
        updated=now,
        started=STARTED,
        interface="tzsp0",
        ports=(37008,),
        last_frame=now - 0.2 if frames else None,
        tally=tally,
        socket_overflow=0,
        reassembly_failures=0,
        udp_errors=0,
        senders={ROUTER: Sender(tally, now - 0.2)} if frames else {},
        kernel=KernelCounters("a-boot", {}, {}),
    )


FILMS = Films(
    Library(
        audio=210, video=41, images=1305, streams=2,
        clients=(
            Client("Generic DLNA 1.5", "10.4.0.21", 1),
            Client("Samsung Series [CDEF]", "10.4.0.22", 1),
        ),
    ),
    (
        Drive("sda1", "FILME", "exfat", 31_914_983_424, mounted=True),
        Drive("sdb1", "ALT", "ntfs", 1_000_000_000, mounted=False),
    ),
)  # fmt: skip


def a_health(now: float, **changes: Any) -> Health:
    """Return what the supervisor says at `now` of a sensor in full health, but for `changes`."""
    well = Health(
        updated=now,
        state=State.SEEING,
        level=Level.OK,
        sentence="1,234 frames a second arrive from 192.0.2.1; Snort inspects what arrives.",
        checks=(
            a_check("interface", "tzsp0 is up."),
            a_check("reports", "The receiver reports each second."),
            a_check("stream", "1,234 frames a second arrive from 192.0.2.1."),
            a_check("engine", "Snort runs."),
            a_check("storing", "24 alerts are stored."),
        ),
        ledger=tuple(map(a_row, Stage)),
        rates=Rates(1234.4, {ROUTER: 1234.4}),
        films=FILMS,
    )
    return replace(well, **changes)


def a_row(stage: Stage) -> LossRow:
    """Return the line of a stage that lost nothing, or at which nothing can be measured."""
    if stage in (Stage.ROUTER, Stage.WIRE):
        return LossRow(stage, None, None, None, None, "Not measurable.", "Look there.")
    return LossRow(stage, 1000, 0, 0.0, 0, "Nothing lost.", "")


def a_check(name: str, words: str, level: Level = Level.OK, advice: str = "") -> Finding:
    """Return what one check found an hour after the start."""
    return Finding(name, level, words, advice, STARTED + 3600)


LOSSES = {
    Stage.SOCKET: LossRow(
        Stage.SOCKET, 9_316_020, 70_112, 0.753, 70_112,
        "70,112 of 9,316,020 datagrams found the receive buffer full; 70,112 of them in the last"
        " minutes.",
        "This machine is too busy to fetch them. Let the router stream less.",
    ),
    Stage.ENGINE: LossRow(
        Stage.ENGINE, 9_245_908, 1204, 0.013, 0,
        "1,204 of 9,245,908 frames passed the detection engine uninspected; none of them lately.",
        "The engine cannot keep up or was not running.",
    ),
}  # fmt: skip


def a_loss(now: float) -> Health:
    """Return what the supervisor says at `now` when packets get lost at two stages."""
    health = a_health(now)
    lost = a_check(
        "loss-socket",
        "0.8 % of the datagrams of the last minute were lost.",
        Level.WARN,
        "This machine is too busy to fetch them. Let the router stream less.",
    )
    return replace(
        health,
        state=State.LOSING,
        level=Level.WARN,
        sentence="0.8 % of the datagrams of the last minute found the receive buffer full.",
        first_loss=Stage.SOCKET,
        ledger=tuple(LOSSES.get(row.stage, row) for row in health.ledger),
        rates=Rates(1234.4, {ROUTER: 1234.4}, {"socket_overflow": 12.3}),
        checks=(
            *health.checks,
            lost,
            a_check("temperature", "Not known: no sensor.", Level.UNKNOWN),
            a_check("media", "The media server does not run.", Level.FAIL, "It is restarted."),
        ),
    )


def a_selftest(now: float, **changes: Any) -> SelfTestReport:
    """Return what `glovebox selftest` publishes when the marker came through."""
    seconds = {"sent": 0.001, "decapsulated": 0.004, "inspected": 0.031, "stored": 0.412}
    return replace(SelfTestReport(now, True, "passed", seconds), **changes)


def a_port(now: float, **changes: Any) -> PortReport:
    """Return what the guard of a port says at `now`: it gives out addresses, and three took one."""
    names = ("tablet-left", "", "x" * 63)
    report = PortReport(
        interface="eth0",
        updated=now,
        serving=True,
        answers=True,
        reason="free",
        words="no other DHCP server answers there",
        address="10.77.0.1/24",
        most=250,
        devices=tuple(
            Tenant(f"10.77.0.{number}", f"02:00:00:00:00:{number:02x}", name, now + 43_000)
            for number, name in enumerate(names, 11)
        ),
    )
    return replace(report, **changes)


def a_blocking_report(now: float, **changes: Any) -> BlockingReport:
    """Return what blocking says of a router at home, of an attacker, and of one that is safe."""
    fasttrack = RouterPoint(
        Level.WARN,
        "FastTrack is on: of most connections only the beginning is seen.",
        'That finds most attacks. To see everything, set capture = "sniffer".',
    )
    home = RouterState("home", "192.168.88.1", True, "It answers.", now - 900, version="7.22.1",
                       board="hAP ax2", cpu=7, rows=1, stopped=1234, flash=(5, 5),
                       points=(fasttrack,))  # fmt: skip
    away = RouterState("shed", "2001:db8:1234:5678:9abc:def0:1234:1", False,
                       "Its certificate is not trusted yet.", now - 60,
                       certificate="ab" * 32)  # fmt: skip
    six = Blocked("2600:1234:5678:9abc::/64", "in", now - 900, now + 2700, "1:2010935",
                  "WEB Log4Shell, JNDI lookup (CVE-2021-44228)", "attacked from outside", "alerts",
                  3, ("home",), 2)  # fmt: skip
    report = BlockingReport(
        now, "on", 24, 24, 2,
        (six, replace(six, network="45.66.77.88/32", rule="", by="you", words="you wanted it")),
        (Spared(now - 99, "9.9.9.9/32", "refused", "Never blocked: a name server of "
                "the router home.", "ICMP PING NMAP"),),
        (home, away),
        never=("45.1.1.1/32",),
        over=(PastBlock("45.2.2.2/32", now - 9000, now - 5400, True, "1:2010935",
                        "WEB Log4Shell, JNDI lookup (CVE-2021-44228)", "attacked from outside",
                        "alerts"),),
    )  # fmt: skip
    return replace(report, **changes)


def a_rules_report() -> RulesReport:
    """Return what became of the rules of an owner who made three mistakes."""
    left_out = (
        LeftOut("emerging-dns.rules", 67, "!any is not allowed: ![$SMTP_SERVERS,$DNS_SERVERS]."),
        LeftOut("my.rules", 7, "sid 527 is taken by another rule, of revision 10"),
        LeftOut("my.rules", 9, "'<script>' is no option of Snort 2.9 " + "A" * 180),
    )
    passed_over = ("more.rules.txt: rename it so that its name ends in .rules",)
    return RulesReport("Snort", True, 4741, 3, 3, left_out, passed_over)
