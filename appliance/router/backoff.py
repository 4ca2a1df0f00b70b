# SPDX-License-Identifier: MIT
"""How long to wait before a router is called again: each login is a line in its log."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_S, LONGEST_S = 1.0, 300.0


class Backoff:
    """Waits 1, 2, 4 … 300 s, each a little longer by chance; none ends by itself when `stopped`."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next = FIRST_S
        self.stopped = False

    def failed(self) -> float:
        """Return how many seconds to wait now, at most LONGEST_S and a quarter of it."""
        wait, self._next = self._next, min(self._next * 2, LONGEST_S)
        return wait * (1 + self._chance() / 4)

    def refused(self) -> None:
        """Call no more until something changes: a second wrong login would be refused as well."""
        self.stopped = True

    def worked(self) -> None:
        """Begin anew: the router answered, or what it refused has changed."""
        self._next, self.stopped = FIRST_S, False
