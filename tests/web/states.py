# SPDX-License-Identifier: MIT
"""States that the page can be in, each arranged as services leave it.

Tests of the looks, `build.sh page` and `build.sh pictures` show the same ones.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

from appliance.reports.blocking import BlockingReport, RouterPoint
from appliance.reports.dhcp import Tenant
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import Health, Rates
from tests.web.alerts import add, an_alert
from tests.web.flows import add_flows
from tests.web.reports import (
    ROUTER,
    a_blocking_report,
    a_check,
    a_health,
    a_loss,
    a_port,
    a_report,
    a_rules_report,
    a_selftest,
)
from tests.web.serving import Sensor, flowing, repeating, supervising

HOSTILE = (
    "<script>window.harmed = 1</script><img src=x onerror='window.harmed = 1'>\u202e" + "A" * 300
)
IPV6 = {"source": "2001:db8:1234:5678:9abc:def0:1234:5678", "destination": "2001:db8::1"}
WAITING = "No router streams to this machine yet."

Arranged = Callable[[Sensor], AbstractContextManager[None]]


@contextlib.contextmanager
def nothing_runs(sensor: Sensor) -> Iterator[None]:
    yield


def waits(now: float) -> Health:
    """Return what the supervisor says of a sensor to which nobody streams."""
    checks = (
        a_check("interface", "tzsp0 is up."),
        a_check("stream", WAITING, Level.WARN, "On the router: /tool sniffer start"),
        a_check("engine", "Snort runs."),
        a_check("storing", "0 alerts are stored."),
    )
    return a_health(
        now,
        state=State.WAITING,
        level=Level.WARN,
        sentence=WAITING,
        checks=checks,
        rates=Rates(0.0),
    )


@contextlib.contextmanager
def waiting(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    with (
        flowing(sensor, 0, frames=0, keepalives=0),
        supervising(sensor, waits),
    ):
        yield


@contextlib.contextmanager
def watching(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    sensor.publish(a_rules_report())
    sensor.publish(a_blocking_report(time.time()))
    add_flows(sensor.directory, time.time())
    with flowing(sensor, 1234, keepalives=500, feedback=48), supervising(sensor):
        yield


@contextlib.contextmanager
def in_the_car(sensor: Sensor) -> Iterator[None]:
    now = time.time()
    tablets = tuple(
        Tenant(f"10.77.0.{number}", f"02:00:00:00:00:{number:02x}", name, now + 43_000)
        for number, name in enumerate(("tablet-left", "tablet-right", ""), 11)
    )
    sensor.publish(a_port(now, devices=tablets))
    another = "the DHCP server 192.168.88.1 (02:00:00:00:00:01) answers there"
    sensor.publish(a_port(now, interface="eth1", serving=False, words=another, devices=()))
    with watching(sensor):
        yield


@contextlib.contextmanager
def losing(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    with flowing(sensor, 1234), supervising(sensor, a_loss):
        sensor.publish(
            a_selftest(
                time.time(),
                passed=False,
                verdict="engine deaf: the marker was on the interface, but the engine raised no"
                " alert",
                seconds={"sent": 0.001, "decapsulated": 0.012},
            )
        )
        yield


@contextlib.contextmanager
def deaf(sensor: Sensor) -> Iterator[None]:
    add_realistic_alerts(sensor)
    with flowing(sensor, 1234, oversize=12):
        yield


@contextlib.contextmanager
def stale(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    sensor.publish(a_report(time.time() - 40, malformed=3))
    yield


@contextlib.contextmanager
def silent(sensor: Sensor) -> Iterator[None]:
    sensor.start_engine()
    add_realistic_alerts(sensor)
    sensor.publish(a_health(time.time() - 40))
    with flowing(sensor, 1234):
        yield


def supervised(state: State, level: Level, sentence: str, advice: str) -> Arranged:
    """Return a sensor at work of which the supervisor says this, by one check that speaks."""

    @contextlib.contextmanager
    def arranged(sensor: Sensor) -> Iterator[None]:
        sensor.start_engine()
        add_realistic_alerts(sensor)
        check = a_check("decisive", sentence, level, advice)
        says = {"state": state, "level": level, "sentence": sentence, "checks": (check,)}
        with flowing(sensor, 1234), supervising(sensor, lambda now: a_health(now, **says)):
            yield

    return arranged


SAID: dict[State, tuple[Level, str, str]] = {
    State.BOOTING: (Level.UNKNOWN, "Snort is starting.", ""),
    State.ENGINE_DOWN: (
        Level.FAIL,
        "Snort runs, but frames pass it uninspected.",
        "It is restarted by itself.",
    ),
    State.TROUBLE: (
        Level.FAIL,
        "Alerts are not stored: no space is left for the alert store.",
        "They wait in memory until that is mended, and are lost when the power goes.",
    ),
    State.ALERT: (
        Level.OK,
        "An alert of high priority 2 min ago: MALWARE-CNC Win.Trojan.Zeus variant (from"
        " 192.168.88.41).",
        "",
    ),
    State.CONFIG_ERROR: (
        Level.WARN,
        "A setting cannot be used: /boot/firmware/glovebox.toml: [capture] ports = 0: expected 1"
        " to 65535.",
        "Correct that file; until then the settings before it stay in force.",
    ),
    State.SAFE_TO_UNPLUG: (Level.OK, "Safe to unplug.", ""),
}


@contextlib.contextmanager
def hostile(sensor: Sensor) -> Iterator[None]:
    fields = dict.fromkeys(("message", "classification", "source", "destination"), HOSTILE)
    add(sensor.store, [an_alert(**fields, priority=1)])
    device = Tenant("10.77.0.9", "02:00:00:00:00:09", HOSTILE, 0.0)
    sensor.publish(a_port(time.time(), words=HOSTILE, devices=(device,)))
    sensor.publish(a_hostile_blocking_report(time.time()))
    sensor.publish(a_selftest(time.time(), passed=False, verdict=HOSTILE, seconds={HOSTILE: 1.0}))
    check = a_check(HOSTILE, HOSTILE, Level.WARN, HOSTILE)
    rates = Rates(1.0, {HOSTILE: 1.0}, {HOSTILE: 1.0})

    def publish() -> None:
        now = time.time()
        report = a_report(now)
        sensor.publish(replace(report, senders={HOSTILE: report.senders[ROUTER]}))
        sensor.publish(a_health(now, sentence=HOSTILE, checks=(check,), rates=rates))

    with repeating(publish):
        yield


def a_hostile_blocking_report(now: float) -> BlockingReport:
    """Return what blocking says where everything is written by strangers."""
    usual = a_blocking_report(now)
    state = replace(usual.routers[0], words=HOSTILE, version=HOSTILE, board=HOSTILE,
                    points=(RouterPoint(Level.FAIL, HOSTILE, HOSTILE),))  # fmt: skip
    blocked = replace(usual.blocked[0], rule=HOSTILE, message=HOSTILE, words=HOSTILE,
                      routers=(HOSTILE,))  # fmt: skip
    spared = replace(usual.spared[0], words=HOSTILE, message=HOSTILE)
    return replace(usual, routers=(state,), blocked=(blocked,), spared=(spared,), error=HOSTILE)


STATES: dict[str, tuple[Arranged, str]] = {
    "nothing-runs": (nothing_runs, "The supervisor has not reported"),
    "waiting": (waiting, WAITING),
    "watching": (watching, "Snort inspects what arrives."),
    "in-the-car": (in_the_car, "Snort inspects what arrives."),
    "losing": (losing, "found the receive buffer full"),
    "deaf": (deaf, "Snort does not listen on the sniffing interface."),
    "stale": (stale, "The supervisor has not reported"),
    "silent": (silent, "The supervisor last reported"),
    "hostile": (hostile, "<script>window.harmed = 1</script>"),
    **{state.value: (supervised(state, *said), said[1]) for state, said in SAID.items()},
}


def add_realistic_alerts(sensor: Sensor, count: int = 24) -> None:
    """Store what a home sees in an hour, the latest just now."""
    now = time.time_ns() // 1000
    kinds = [
        {"priority": 3, "message": "ICMP PING NMAP", "protocol": "ICMP", "gid": 1, "sid": 469,
         "rev": 4, "source": "192.168.88.23", "source_port": None, "destination": "192.168.88.1",
         "destination_port": None},
        {},
        {"priority": 1, "message": "MALWARE-CNC Win.Trojan.Zeus variant outbound connection",
         "classification": "A Network Trojan was detected", "sid": 25050, "rev": 3,
         "source": "192.168.88.41", "source_port": 51544, "destination": "203.0.113.80",
         "destination_port": 80},
        {"priority": 3, "message": "(http_inspect) UNKNOWN METHOD", "gid": 119, "sid": 31,
         "rev": 1, "source": "192.168.88.41", "source_port": 51548,
         "destination": "198.51.100.20", "destination_port": 80},
        {**IPV6, "message": "SCAN SSH Version map attempt", "sid": 1638, "rev": 5},
    ]  # fmt: skip
    ages = range((count - 1) * 140_000_000, -1, -140_000_000)
    add(
        sensor.store,
        [
            an_alert(time_us=now - age, **kinds[number % len(kinds)])
            for number, age in enumerate(ages)
        ],
    )
