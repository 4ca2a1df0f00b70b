# SPDX-License-Identifier: MIT
"""The grid of the Fireplot: which row a port falls into. Pure.

Rows go from port 65535 at the top to 1 at the bottom, by the logarithm, so that the ports that have
names get half of the picture.
"""

from __future__ import annotations

import math
from array import array

ROWS = 480
LAST_PORT = 65535


def _row(port: int) -> int:
    return round((ROWS - 1) * (1 - math.log(port) / math.log(LAST_PORT)))


ROW_OF = array("H", [ROWS - 1, *map(_row, range(1, LAST_PORT + 1))])
"""The row of each port, from the top; port 0 has none of its own."""


def row_of(port: int) -> int:
    """Return the row of a port from 1 to 65535, from the top."""
    return ROW_OF[port]
