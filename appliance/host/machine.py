# SPDX-License-Identifier: MIT
"""What kernel and firmware tell about this machine; raises OSError or ValueError."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.host import mounts

SYS = Path("/sys")
PROC = Path("/proc")
# Of all memory: with less available there is a reason to look who has it.
SCARCE = 0.10
# Bits of the firmware's word (vcgencmd get_throttled); what is 16 bits higher was true before.
LOW, CAPPED, SLOWED, WAS_LOW = 1 << 0, 1 << 1, 1 << 2, 1 << 16


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of memory that a service holds for itself."""

    unit: str
    memory: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of RAM; `available` is what can be had without swapping (proc_meminfo(5)).

    `largest` is looked for only where little is available.
    """

    total: int
    available: int
    largest: Held | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of a file system, and whether it takes writes."""

    total: int
    free: int
    writable: bool


@dataclass(frozen=True, slots=True)
class Power:
    """What a Raspberry Pi's firmware says of its supply: now, and at any time since it started."""

    low: bool
    was_low: bool
    slowed: bool


def pulses(units: Iterable[str], sys: Path = SYS) -> Mapping[str, int]:
    """Return the CPU time that services have used, in microseconds (cgroup-v2: cpu.stat)."""
    found = {}
    for unit in units:
        with contextlib.suppress(FileNotFoundError):
            text = (sys / "fs/cgroup/system.slice" / unit / "cpu.stat").read_text()
            found[unit] = int(text.split(maxsplit=2)[1])
    return found


def memory(sys: Path = SYS, proc: Path = PROC) -> Memory:
    """Look at the RAM; where little of it is free, also at who has most."""
    lines = (line.split() for line in (proc / "meminfo").read_text().splitlines())
    kilobytes = {name: int(number) for name, number, *_ in lines}
    total, available = (kilobytes[name] << 10 for name in ("MemTotal:", "MemAvailable:"))
    return Memory(total, available, largest(sys) if available < SCARCE * total else None)


def largest(sys: Path = SYS) -> Held | None:
    """Return the service that holds most memory of its own, where the kernel counts that."""
    held = [
        Held(path.parent.name, int(path.read_text().split(maxsplit=2)[1]))
        for path in (sys / "fs/cgroup/system.slice").glob("*.service/memory.stat")
    ]
    return max(held, key=lambda each: each.memory, default=None)


def disks(places: Iterable[Path], proc: Path = PROC) -> Mapping[str, Disk]:
    """Look at the file systems that hold `places`.

    A service's own view is read-only nearly everywhere; what counts is the file system itself.
    """
    seen = mounts.read(proc / "self/mountinfo")
    return {str(place): _disk(place, seen) for place in places}


def _disk(place: Path, seen: Mapping[Path, bool]) -> Disk:
    figures = os.statvfs(place)
    return Disk(
        total=figures.f_blocks * figures.f_frsize,
        free=figures.f_bavail * figures.f_frsize,
        writable=seen[mounts.holding(place, seen)],
    )


def temperature(sys: Path = SYS) -> float | None:
    """Return the hottest sensor of the processor in °C, or None where there is none."""
    zones = (sys / "class/thermal").glob("thermal_zone*/temp")
    return max((int(zone.read_text()) / 1000 for zone in zones), default=None)


def power(sys: Path = SYS) -> Power | None:
    """Return what a Raspberry Pi says of its supply, or None on other machines.

    Raspberry Pi's kernel hands out the firmware's word; Debian's has an alarm of the voltage only.
    """
    throttled = sys / "devices/platform/soc/soc:firmware/get_throttled"
    if throttled.exists():
        word = int(throttled.read_text(), 16)
        return Power(bool(word & LOW), bool(word & WAS_LOW), bool(word & (CAPPED | SLOWED)))
    for sensor in (sys / "class/hwmon").glob("hwmon*"):
        if (sensor / "name").read_text().strip() == "rpi_volt":
            low = int((sensor / "in0_lcrit_alarm").read_text()) != 0
            return Power(low=low, was_low=low, slowed=False)
    return None
