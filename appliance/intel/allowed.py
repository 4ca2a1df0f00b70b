# SPDX-License-Identifier: MIT
"""What never raises an alert, whatever the lists say: by the settings, and by a click."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

from appliance import files
from appliance.formats.indicators import Network, RefusedEntryError, read_name

NAME = "allowed.json"
MOST = 1000

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Allowed:
    """Names with all below them, and networks."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def name(self, name: str) -> bool:
        """Tell whether a name, or one above it, is allowed."""
        labels = name.split(".")
        return any(".".join(labels[place:]) in self.names for place in range(len(labels)))

    def address(self, address: Address) -> bool:
        """Tell whether an address is in an allowed network."""
        return any(address in network for network in self.networks)


def allowed_of(entries: Iterable[str]) -> Allowed:
    """Return what entries allow; those that are none are left out."""
    names: set[str] = set()
    networks: list[Network] = []
    for entry in entries:
        try:
            names.add(read_name(entry))
        except RefusedEntryError:
            networks += _networks(entry)
    return Allowed(frozenset(names), tuple(networks))


def _networks(entry: str) -> list[Network]:
    try:
        return [ip_network(entry, strict=False)]
    except ValueError:
        return []


def read(folder: Path) -> Mapping[str, float]:
    """Return what the owner allowed by a click, and when (since the epoch)."""
    try:
        found = json.loads((folder / NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(entry): float(at) for entry, at in found.items() if isinstance(at, int | float)}


def allow(folder: Path, entry: str, now: float) -> None:
    """Allow an entry of a list from now on. Raises OSError, and ValueError for what is none."""
    if allowed_of([entry]) == Allowed():
        raise ValueError(f"neither a name nor a network: {entry!r:.80}")
    kept = {**read(folder), entry: now}
    if len(kept) > MOST:
        raise ValueError(f"more than {MOST} are allowed already")
    files.write_durable(folder / NAME, json.dumps(kept), 0o640)


def undo(folder: Path, entry: str) -> None:
    """Allow an entry no more. Raises OSError."""
    kept = {each: at for each, at in read(folder).items() if each != entry}
    files.write_durable(folder / NAME, json.dumps(kept), 0o640)
