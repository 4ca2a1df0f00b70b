# SPDX-License-Identifier: MIT
"""What is published of lists of bad names and addresses, and of who here met what is on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What a list in force holds.

    `digest` names the file that it was taken from, `taken` says when (since the epoch). `lengths4`
    and `lengths6` are the different lengths of its networks. `refused` counts what was not taken,
    `reasons` says why, and `samples` shows some of it, printable. `until` is when the first of its
    entries holds no more, 0 for never.
    """

    name: str
    digest: str
    taken: float
    names: int
    networks: int
    lengths4: tuple[int, ...] = ()
    lengths6: tuple[int, ...] = ()
    refused: int = 0
    reasons: dict[str, int] | None = None
    samples: tuple[str, ...] = ()
    until: float = 0.0

    @property
    def entries(self) -> int:
        """Names and networks together."""
        return self.names + self.networks


@dataclass(frozen=True, slots=True)
class ListStanding:
    """How a list on the card stands: what is in force of it, and what keeps the file out.

    `held` says why the file waits for the owner, who agrees to `digest`; `trouble` why it cannot
    be used. `facts` is None where nothing of it is in force.
    """

    name: str
    facts: ListFacts | None
    digest: str = ""
    held: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class IntelListsReport(StatusFile):
    """All lists, as they stood when they were last read from the card (since the epoch)."""

    NAME: ClassVar[str] = "intel-lists"

    updated: float
    lists: tuple[ListStanding, ...]


@dataclass(frozen=True, slots=True)
class ListedMeeting:
    """A device that met something on a list: how often within the hour that began at `first`."""

    device: str
    other: str
    indicator: str
    how: str
    lists: tuple[str, ...]
    count: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class ListedKnocks:
    """How often addresses of a list knocked on a day (UTC, ISO 8601), by the routers' flows."""

    day: str
    list_name: str
    count: int


@dataclass(frozen=True, slots=True)
class IntelReport(StatusFile):
    """The matcher at `updated` (since the epoch). Counts are since the start of the service.

    `frames` passed the kernel's filter, `lost` of them found no room, `undecoded` made no sense.
    `looked_up` names and addresses were looked up; `hits` were listed, `alerts` of them were
    raised, `alike` counted with one of the same hour, `allowed` by the owner's settings, and
    `held_back` were beyond what is raised in a minute or found the spool full. `indicators` are in
    force. `quiet` counts, by entry, what was met and allowed. `hidden` counts, by device, log-ins
    to servers that hide what is asked of them. `talks` were told by flows of routers, `knocks` are
    those that no host answered; `unusable` are talks and knocks that made no sense.
    """

    NAME: ClassVar[str] = "intel"

    updated: float
    since: float
    indicators: int
    frames: int
    lost: int
    undecoded: int
    looked_up: int
    hits: int
    alerts: int
    alike: int
    allowed: int
    held_back: int
    recent: tuple[ListedMeeting, ...] = ()
    hidden: dict[str, int] | None = None
    quiet: dict[str, int] | None = None
    trouble: str = ""
    talks: int = 0
    unusable: int = 0
    knocks: tuple[ListedKnocks, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneReport(StatusFile):
    """The zone that other servers take, as it was written last, at `updated` (since the epoch).

    `signing` and `unsigned` are the addresses that may take it; without any there is none.
    `records` are those in it, `most` those for which there is room; `trouble` says why the newest
    lists are not in it.
    """

    NAME: ClassVar[str] = "zone"

    updated: float
    signing: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()
    serial: int = 0
    records: int = 0
    most: int = 0
    trouble: str = ""

    @property
    def wanted(self) -> bool:
        """Tell whether anybody may take it."""
        return bool(self.signing or self.unsigned)
