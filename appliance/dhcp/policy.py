# SPDX-License-Identifier: MIT
"""Whether to serve on a port: one table, read from above; the first row that applies decides."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from appliance.dhcp.watch import Phase, Server

Profile = Literal["auto", "home", "car"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the machine says of a port; `addresses` are those that are not of our making."""

    present: bool
    wireless: bool
    sniffed: bool
    carrier: bool
    link_ups: int
    addresses: tuple[IPv4Address, ...]
    default_route: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides."""

    profile: Profile
    surroundings: Surroundings
    phase: Phase
    server: Server | None
    problem: str = ""
    # The port of this machine that the server is, empty for any other.
    own_port: str = ""


class Reason(enum.StrEnum):
    """Why; the value is the word in the status file."""

    PROFILE = "profile"
    MISSING = "missing"
    WIRELESS = "wireless"
    SNIFFED = "sniffed"
    NO_CARRIER = "no_carrier"
    ADDRESS = "address"
    ROUTE = "route"
    OWN_PORT = "own_port"
    FOREIGN = "foreign"
    LOOKING = "looking"
    PROBLEM = "problem"
    FREE = "free"

    @property
    def asks(self) -> bool:
        """Whether questions may go out while this holds."""
        return self in (Reason.OWN_PORT, Reason.FOREIGN, Reason.LOOKING, Reason.FREE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: why, when it applies, what follows, in words."""

    reason: Reason
    applies: Callable[[Situation], bool]
    serve: bool
    words: Callable[[Situation], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from the facts."""

    serve: bool
    reason: Reason
    words: str


def _heard(facts: Situation) -> str:
    if facts.server is None:
        return "another DHCP server answers there"
    return f"the DHCP server {facts.server.words} answers there: {facts.server.said}"


# fmt: off
TABLE = (
    Row(Reason.PROFILE, lambda f: f.profile == "home", False,
        lambda f: "profile is \"home\" in the settings"),
    Row(Reason.MISSING, lambda f: not f.surroundings.present, False,
        lambda f: "there is no such port"),
    Row(Reason.WIRELESS, lambda f: f.surroundings.wireless, False,
        lambda f: "it is a Wi-Fi client, so others serve there"),
    Row(Reason.SNIFFED, lambda f: f.surroundings.sniffed, False,
        lambda f: "it is the sniffing interface"),
    Row(Reason.NO_CARRIER, lambda f: not f.surroundings.carrier, False,
        lambda f: "no cable, or nothing at its other end"),
    Row(Reason.ADDRESS, lambda f: bool(f.surroundings.addresses), False,
        lambda f: f"it has the address {f.surroundings.addresses[0]} of a network there"),
    Row(Reason.ROUTE, lambda f: f.surroundings.default_route and f.profile != "car", False,
        lambda f: "a router there leads to the Internet"),
    Row(Reason.OWN_PORT, lambda f: f.phase is Phase.TAKEN and bool(f.own_port), False,
        lambda f: f"{f.own_port} of this machine leads to the same network, and serves it"),
    Row(Reason.FOREIGN, lambda f: f.phase is Phase.TAKEN, False, _heard),
    Row(Reason.LOOKING, lambda f: f.phase is Phase.LOOKING, False,
        lambda f: "looking whether another DHCP server answers"),
    Row(Reason.PROBLEM, lambda f: bool(f.problem), False, lambda f: f.problem),
    Row(Reason.FREE, lambda f: True, True, lambda f: "no other DHCP server answers there"),
)
# fmt: on


def decide(facts: Situation) -> Decision:
    """Return the decision of the first row that applies."""
    row = next(row for row in TABLE if row.applies(facts))
    return Decision(row.serve, row.reason, row.words(facts))
