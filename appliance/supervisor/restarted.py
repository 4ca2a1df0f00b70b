# SPDX-License-Identifier: MIT
"""How often each service was started anew while it was watched: after a crash, a kill, a restart.

It may all be over between two rounds, and must be told nevertheless. Which invocation of a unit
runs stands in a link that systemd keeps for the journal: to read it costs nothing and needs no bus.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

INVOCATIONS = Path("/run/systemd/units")


class Comebacks:
    """Counts the changes of invocations."""

    def __init__(
        self, units: Sequence[str], back: Sequence[str] = (), links: Path = INVOCATIONS
    ) -> None:
        """Take the units, those that have come back already, and where systemd keeps the links."""
        self._links = links
        self._seen: dict[str, str] = {}
        self._counts = {unit: int(unit in back) for unit in units}

    def look(self) -> Mapping[str, int]:
        """Return the number for each unit."""
        for unit in self._counts:
            invocation = self._invocation(unit)
            if invocation is not None and invocation != self._seen.get(unit):
                self._counts[unit] += unit in self._seen
                self._seen[unit] = invocation
        return dict(self._counts)

    def _invocation(self, unit: str) -> str | None:
        try:
            return os.readlink(self._links / f"invocation:{unit}")
        except OSError:
            return None
