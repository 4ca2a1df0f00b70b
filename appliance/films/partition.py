"""What is known of MEDIA, the card's partition for films: whether it is whole, and open."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from appliance.host import mounts
from appliance.reports import statusfile

T = TypeVar("T")

MEDIA = Path("/media/glovebox")
# Status files of glovebox-films-copying and glovebox-films-check.
COPYING, CHECK = "films-copying", "films-check"
# The first is published each second, on a machine that may be busy.
STALE_S = 30.0
TOLD_S = 600.0


class Condition(enum.StrEnum):
    """What became of the look at the file system before it was mounted."""

    CLEAN = "clean"
    CHECKING = "checking"
    REPAIRED = "repaired"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Copying:
    """What glovebox-films-copying said at `updated`, in seconds since the epoch.

    `left` are the seconds for which films can still be copied, None when they cannot; `refusal`
    says why they could not when somebody wanted to.
    """

    updated: float
    left: float | None = None
    refusal: str = ""

    def minutes(self, now: float) -> int | None:
        """Return the minutes left, begun ones included; None where closed, or where this is old."""
        if self.left is None or abs(now - self.updated) > STALE_S:
            return None
        return math.ceil(self.left / 60)

    def complaint(self, now: float) -> str:
        """Return the refusal for as long as whoever was refused may want to read it."""
        return self.refusal if abs(now - self.updated) <= TOLD_S else ""

    def as_json(self) -> dict[str, Any]:
        """Return what is published."""
        return asdict(self)


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
    return Partition(
        mounts.read(mountinfo).get(MEDIA),
        _read(COPYING, parse_copying, runtime),
        _read(CHECK, lambda values: Condition(str(values.get("condition"))), runtime),
    )


def _read(name: str, parse: Callable[[Mapping[str, Any]], T], runtime: Path) -> T | None:
    values = statusfile.read(name, runtime)
    try:
        return None if values is None else parse(values)
    except ValueError:
        # Of another version: as good as nothing.
        return None


def parse_copying(values: Mapping[str, Any]) -> Copying:
    """Turn what glovebox-films-copying published into a Copying. Raises ValueError."""
    left = values.get("left")
    return Copying(
        _seconds(values.get("updated")),
        None if left is None else _seconds(left),
        str(values.get("refusal", "")),
    )


def _seconds(value: Any) -> float:
    # Also refuses NaN and the infinities.
    if type(value) not in (int, float) or not 0 <= value < 1e11:
        raise ValueError(f"{value!r}: expected seconds")
    return float(value)
