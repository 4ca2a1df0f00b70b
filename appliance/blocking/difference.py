# SPDX-License-Identifier: MIT
"""What a router's list lacks, and what it has too much: wanted minus real. Pure.

A reboot, a lost connection, a duplicate, an expired row are all this one case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from appliance.router.api import Fields
from appliance.router.picture import is_yes, span
from appliance.settings.sections.fit import Network

OURS = "glovebox "
# Clocks and rounding differ; less is no reason to write.
SLACK_S = 30.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that should be there: for how many seconds from now, and what it says."""

    network: Network
    seconds: float
    comment: str


@dataclass(frozen=True, slots=True)
class There:
    """A row that does for a wanted one: its id, for how many seconds it stays, whether it is ours.

    A row of somebody else's without a time-out stays until he removes it: None.
    """

    id: str
    seconds: float | None
    ours: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be done: rows to add, to renew (id, seconds), and ids to remove, in that order.

    `there` are the wanted networks that have a row; `foreign` counts rows of others.
    """

    adds: tuple[Entry, ...]
    renewals: tuple[tuple[str, float], ...]
    removals: tuple[str, ...]
    there: Mapping[Network, There]
    foreign: int


def difference(wanted: Iterable[Entry], rows: Iterable[Fields]) -> Difference:
    """Compare. `rows` are those of our list, with `.id`, `address`, `timeout` and `comment`.

    A row of somebody else's is never touched, and does for ours where it is the same network.
    """
    real: dict[Network, Fields] = {}
    removals, foreign = [], 0
    for row in rows:
        network, ours = _network(row.get("address", "")), _is_ours(row)
        foreign += not ours
        if is_yes(row.get("disabled", "")):
            removals += [row[".id"]] if ours and ".id" in row else []
            continue
        if network is None or (ours and network in real):
            removals += [row[".id"]] if ours and ".id" in row else []
        elif ours or network not in real:
            real[network] = row
    adds, renewals, there = [], [], {}
    for entry in wanted:
        found = real.pop(entry.network, None)
        if found is None:
            adds.append(entry)
            continue
        ours, left = _is_ours(found), span(found.get("timeout", ""))
        late = ours and abs(left - entry.seconds) > SLACK_S
        stays = entry.seconds if late else left if "timeout" in found else None
        there[entry.network] = There(found.get(".id", ""), stays, ours)
        if late:
            renewals.append((found.get(".id", ""), entry.seconds))
    removals += [row[".id"] for row in real.values() if _is_ours(row) and ".id" in row]
    return Difference(tuple(adds), tuple(renewals), tuple(removals), there, foreign)


def timeout(seconds: float) -> str:
    """Write seconds as a time-out of RouterOS; at least one, for 0 would be for ever."""
    return f"{max(1, int(seconds))}s"


def _is_ours(row: Fields) -> bool:
    return row.get("comment", "").startswith(OURS)


def _network(text: str) -> Network | None:
    # What is read back is not what was sent: a host loses /32, and gains /128.
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
