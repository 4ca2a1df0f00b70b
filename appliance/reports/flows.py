# SPDX-License-Identifier: MIT
"""What glovebox-flows publishes: who sends flows, and what became of every one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from appliance.reports.statusfile import StatusFile

STALE_S = 15.0


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """What became of datagrams and records.

    received = decoded + malformed + unsupported + unlisted + again; records = kept + absurd.
    `lost` is before us, by the sequence numbers: datagrams of version 9, records of the others.
    `reversed` are flows that ended before they began, `replaced` those whose time was mended.
    """

    received: int = 0
    received_bytes: int = 0
    decoded: int = 0
    malformed: int = 0
    unsupported: int = 0
    unlisted: int = 0
    again: int = 0
    records: int = 0
    kept: int = 0
    absurd: int = 0
    option_records: int = 0
    reversed: int = 0
    replaced: int = 0
    lost: int = 0
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class FlowExporter:
    """One who sends flows. `last_seen` and `newest` (of its flows) are seconds since the epoch.

    `ahead` or `behind` is by how many seconds its clock differs from ours; `sampling` of how many
    packets it looks at one, 0 where it does not say. `version` is 5, 9 or 10 (IPFIX), 0 before any
    could be read.
    """

    address: str
    listed: bool
    version: int
    last_seen: float
    newest: float
    ahead: float
    behind: float
    sampling: int
    counts: FlowCounts


@dataclass(frozen=True, slots=True)
class FlowRepeat:
    """What became of the datagrams for a collector to which they are sent on.

    Those of listed senders = `sent` + `failed` (`error` says why) + `beyond` what may be sent in a
    second + `again`: sent on before, or by a collector to which they are sent on.
    """

    target: str
    sent: int = 0
    failed: int = 0
    beyond: int = 0
    again: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class FlowsReport(StatusFile):
    """The collector at `updated` (since the epoch); counts since it was `started`.

    Sets = decoded at once + `waited`; waited = `fetched` + `expired` + `waiting`. The oldest set
    waits since `waiting_since`, None where none does. `socket_overflow` are datagrams for which the
    kernel had no room. Flows kept = counted for hosts + `copies` + `tunnels`, which are the outside
    of tunnels of `tunnel_bytes`, whose content was told by itself. `bytes_in` and `bytes_out` are
    those of hosts, where both ends are inside counted for both. Totals were last stored at
    `stored_at`, 0 before; `given_up` are quarters of an hour that could not be. Of the flows that
    were counted, `spooled` were handed on to be kept one by one; for `not_spooled` was no room.
    `passed_over` with listed addresses were too many to be looked at.
    `month_bytes` of `month_limit` are those of this month, both directions, as they were last
    stored; both are 0 where no limit is set. `repeated` tells of each collector of `repeat_to`.
    """

    NAME: ClassVar[str] = "flows"

    updated: float
    started: float
    ports: tuple[int, ...]
    total: FlowCounts
    exporters: tuple[FlowExporter, ...]
    sets: int = 0
    waited: int = 0
    fetched: int = 0
    expired: int = 0
    waiting: int = 0
    waiting_since: float | None = None
    templates: int = 0
    templates_evicted: int = 0
    socket_overflow: int = 0
    copies: int = 0
    tunnels: int = 0
    tunnel_bytes: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    stored_at: float = 0.0
    given_up: int = 0
    spooled: int = 0
    not_spooled: int = 0
    passed_over: int = 0
    month_bytes: int = 0
    month_limit: int = 0
    repeated: tuple[FlowRepeat, ...] = ()
    error: str = ""

    def is_fresh(self, now: float) -> bool:
        """Tell whether the report is of now."""
        return abs(now - self.updated) <= STALE_S


class BlindKind(StrEnum):
    """What is blind: the stream, which shows little or nothing, or the flows."""

    NO_STREAM = "no stream"
    STREAM = "stream"
    NO_FLOWS = "no flows"
    FLOWS = "flows"


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Of `hosts` hosts in an hour, bytes by routers' flows and those of the stream.

    `host` is empty where it is so for many.
    """

    kind: BlindKind
    hosts: int
    host: str
    routers: int
    mirror: int


@dataclass(frozen=True, slots=True)
class ComparedHour:
    """An hour that began at `begin` (since the epoch): all bytes, and what differs.

    `compared` are the hosts with enough bytes; `more` findings are not told apart.
    """

    begin: int
    compared: int
    routers: int
    mirror: int
    spots: tuple[BlindSpot, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class BlindSpotsReport(StatusFile):
    """The hours that were compared, the newest last; `since` (since the epoch) both are counted.

    `mirror_flows` were made of the stream since then.
    """

    NAME: ClassVar[str] = "blindspots"

    updated: float
    since: float
    mirror_flows: int
    hours: tuple[ComparedHour, ...] = ()
