# SPDX-License-Identifier: MIT
"""What is known of MEDIA, the card's partition for films: whether it is whole, and open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.host import mounts
from appliance.reports import statusfile
from appliance.reports.films import Condition, Copying, PartitionCheck

MEDIA = Path("/media/glovebox")


@dataclass(frozen=True, slots=True)
class Partition:
    """MEDIA as it is: `writable` is None where it is not mounted; the others where nobody knows."""

    writable: bool | None = None
    copying: Copying | None = None
    condition: Condition | None = None


def look(
    runtime: Path = statusfile.RUNTIME_DIRECTORY, mountinfo: Path = mounts.MOUNTINFO
) -> Partition:
    """Look at MEDIA now. Raises OSError."""
    found = PartitionCheck.read(runtime)
    return Partition(
        mounts.read(mountinfo).get(MEDIA),
        Copying.read(runtime),
        None if found is None else found.condition,
    )
