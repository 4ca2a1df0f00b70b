# SPDX-License-Identifier: MIT
"""What the stream costs a router: its CPU's load before and after, as it tells it itself."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from appliance.router.api import Connection

# It tells the load of its last second; of one alone nobody learns much.
SAMPLES, EVERY_S = 7, 1.0


def load(connection: Connection, wait: Callable[[float], None] = time.sleep) -> int | None:
    """Return the middle one of some samples, in percent; None where it tells none.

    Raises RouterError.
    """
    found = []
    for number in range(SAMPLES):
        if number:
            wait(EVERY_S)
        rows = connection.rows("/system/resource", ("cpu-load",))
        text = rows[0].get("cpu-load", "").removesuffix("%") if rows else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 3):
            return None
        found.append(min(int(text), 100))
    return int(statistics.median(found))


def words(before: int | None, after: int | None) -> str:
    """Say what it costs, and what to do where that is too much; nothing where it is not known."""
    if before is None or after is None:
        return ""
    told = f"The router's CPU: {before} % before, {after} % now."
    if after >= 80:
        return (f"{told} That is much: connections may become slower. Set capture = \"mangle\" for "
                "it, which leaves FastTrack on, or undo this.")  # fmt: skip
    return f"{told} Look again when your network is busy: the page shows it."
