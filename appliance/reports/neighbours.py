# SPDX-License-Identifier: MIT
"""What `glovebox neighbours` publishes: MikroTik devices that said they are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from appliance.reports.statusfile import StatusFile


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A device: texts are its own, made plain; `addresses` at which it says it is."""

    mac: str
    identity: str
    board: str
    version: str
    interface: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeighboursReport(StatusFile):
    """A look around that began at `begun` and stood so at `updated` (since the epoch).

    `ended`: it looks no more. `dropped` are datagrams that were no announcement or one too many.
    """

    NAME: ClassVar[str] = "neighbours"

    begun: float
    updated: float
    ended: bool
    found: tuple[Neighbour, ...]
    dropped: int = 0
    error: str = ""
