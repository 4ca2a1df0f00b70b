# SPDX-License-Identifier: MIT
"""How large a zone a machine has room for; pure.

Knot DNS keeps a zone in memory, twice for the moment in which a new version takes its place.
"""

from __future__ import annotations

# Of all memory: the engine may have 45 %, its newer rules nearly as much for a moment.
SHARE = 4
# Measured with Knot DNS 3.2.6 and 200,000 records; docs/developer/intel.md.
A_RECORD, ALONE = 1_100, 12 << 20


def most_records(memory: int) -> int:
    """Return how many records fit, where so many bytes of memory are in the machine."""
    return max(memory // SHARE - ALONE, 0) // A_RECORD
