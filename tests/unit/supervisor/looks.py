# SPDX-License-Identifier: MIT
"""Observations for tests: a machine that is well, and what each test changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from appliance.films.partition import Partition
from appliance.host.links import Interface
from appliance.host.machine import Disk, Memory
from appliance.ids.engine import EngineCount
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.films import Library
from appliance.reports.outcomes import Outcome, Tally
from appliance.reports.receiver import KernelCounters, ReceiverReport, Sender
from appliance.supervisor.history import History
from appliance.supervisor.observations import (
    Observations,
    Settings,
)
from appliance.supervisor.units import NAMES, WATCHED, Unit

NOW = 1_795_000_000.0
RUNS = Unit("loaded", "active", "running")
ABSENT = Unit("not-found", "inactive", "dead")
FAILED = Unit("loaded", "failed", "failed")
STARTING = Unit("loaded", "activating", "start-post")
TZSP0 = Interface("tzsp0", present=True, up=True, kind="", mtu=65535, packets=0)

WELL = Observations(
    time=NOW,
    boottime=1000.0,
    built=NOW - 10_000_000,
    units=dict.fromkeys(WATCHED, RUNS),
    comebacks=dict.fromkeys(NAMES, 0),
    pulses={},
    interface=TZSP0,
    addresses=(),
    home=(ip_address("192.0.2.7"), ip_address("2001:db8::7")),
    receiver=ReceiverReport(
        updated=NOW, started=NOW - 900, interface="tzsp0", ports=(37008,), last_frame=None,
        tally=Tally(), socket_overflow=0, reassembly_failures=0, udp_errors=0, senders={},
        kernel=KernelCounters("a-boot", {}, {}),
    ),
    engine=EngineCount(0, 0),
    listening=True,
    away=None,
    store=AlertStoreReport(
        updated=NOW, stored=0, added=0, last_alert=None, spool_lag_bytes=0, unreadable=0
    ),
    alarm=None,
    memory=Memory(total=1 << 30, available=600 << 20),
    disks={"/var/lib/glovebox": Disk(total=1 << 30, free=1 << 29, writable=True)},
    temperature=50.0,
    power=None,
    settings=Settings("snort", (), ()),
    dhcp=(),
    media=Library(0, 1, 0),
    drives=(),
    partition=Partition(),
    reports={},
)  # fmt: skip


def tally(**outcomes: int) -> Tally:
    """Return a tally by names of outcomes: tally(sent=5, malformed=1)."""
    counts = Tally()
    for name, count in outcomes.items():
        counts.outcomes[Outcome[name.upper()]] = count
    return counts


def receiver(**changes: Any) -> ReceiverReport:
    """Return a receiver that differs from a fresh one in `changes`."""
    assert isinstance(WELL.receiver, ReceiverReport)
    return replace(WELL.receiver, **changes)


def alert_store(**changes: Any) -> AlertStoreReport:
    """Return an alert store that differs from an empty one in `changes`."""
    assert isinstance(WELL.store, AlertStoreReport)
    return replace(WELL.store, **changes)


def received(address: str = "192.0.2.1", seen: float = NOW, **outcomes: int) -> ReceiverReport:
    """Return a receiver that got datagrams of one router with these outcomes."""
    counts = tally(**outcomes)
    return receiver(
        updated=seen, tally=counts, senders={address: Sender(counts, seen)},
        last_frame=seen if outcomes.get("sent") else None,
    )  # fmt: skip


def units(changed: Mapping[str, Unit]) -> dict[str, Unit]:
    """Return units that run, but for `changed`."""
    return {**dict.fromkeys(WATCHED, RUNS), **changed}


def look(at: float = 0.0, **changes: Any) -> Observations:
    """Return a look `at` so many seconds after the first, with `changes`."""
    return replace(WELL, time=NOW + at, boottime=WELL.boottime + at, **changes)


def history(*looks: Observations) -> History:
    """Return the history of looks, the oldest first."""
    result = History.begin(looks[0])
    for each in looks[1:]:
        result = result.add(each)
    return result
