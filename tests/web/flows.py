# SPDX-License-Identifier: MIT
"""What hosts of a home sent and got, as the collector of flows stores and publishes it."""

from __future__ import annotations

import contextlib
import math
from ipaddress import ip_address
from pathlib import Path

from appliance.flows.host_store import HostStore
from appliance.flows.records import halves
from appliance.flows.schema import DATABASE
from appliance.flows.totals import NOBODY, Cells, Taken
from appliance.reports.flows import FlowCounts, FlowExporter, FlowsReport

HOSTS = ("192.168.88.10", "192.168.88.23", "192.168.88.41", "2001:db8:77::41")
PEERS = ("203.0.113.80", "198.51.100.7", "2001:db8::1")
STEP_S = 300


def add_flows(folder: Path, now: float) -> None:
    """Store three days of four hosts, and publish that a router tells of them."""
    with contextlib.closing(HostStore(folder / DATABASE.name)) as store:
        store.add(taken(now), now)
    counts = FlowCounts(received=9120, received_bytes=11_400_000, decoded=9120, records=184_022,
                        kept=184_022, lost=12)  # fmt: skip
    exporters = (FlowExporter("192.168.88.1", True, 9, now - 2, now - 60, 0.4, 0.0, 0, counts),)
    FlowsReport(now, now - 90_000, (2055, 4739), counts, exporters, sets=9120, templates=2,
                stored_at=now - 400).publish(folder)  # fmt: skip


def taken(now: float) -> Taken:
    """Return three days of one rhythm: on the first of a month too the first is the busiest."""
    cells: Cells = {}
    newest = int(now) // STEP_S
    for step in range(newest - 3 * 288, newest + 1):
        for host in range(1, len(HOSTS) + 1):
            came = int(4e8 / host**2 * (1.1 + math.sin(step / 46)) ** 3)
            if (newest - step) % (host * 2 + 1) != host:
                cells[step, host] = [came, came // 9, came // 900, came // 1800, host]
    cells[newest, 0] = [120_000, 0, 90, 0, 4]
    peers = [
        (host, *halves(ip_address(peer)), 10**9 // (host + index), 10**8 // (host + index))
        for host in range(1, len(HOSTS) + 1)
        for index, peer in enumerate(PEERS)
    ]
    services = [
        (host, 0, protocol << 16 | port, 10**9 // (host + index), 10**8 // (host + index))
        for host in range(1, len(HOSTS) + 1)
        for index, (protocol, port) in enumerate(((6, 443), (17, 53), (17, 41641), (1, 0)))
    ]
    known = [halves(ip_address(host)) for host in HOSTS]
    return Taken([NOBODY, *known], cells, peers, services)
