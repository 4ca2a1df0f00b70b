# SPDX-License-Identifier: MIT
"""What an engine is seen to do at this moment: its socket, its own counter, its CPU time."""

from __future__ import annotations

import pwd
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.ids import sniffers
from appliance.ids.engine import SPOOL, USER, Engine, EngineCount
from appliance.ids.pulse import Look

CPU_TIME = Path("/sys/fs/cgroup/system.slice/glovebox-ids.service/cpu.stat")


@dataclass(frozen=True)
class EngineWatch:
    """An engine that runs as `user` (a name or a number), and where its traces are."""

    engine: Engine
    interface: str
    spool: Path = SPOOL
    user: str = USER
    cpu_time: Path = CPU_TIME

    def look(self) -> Look:
        """Return what can be seen now; needs no rights."""
        return Look(time.monotonic(), self._listens(), self._count(), self._cpu_s())

    def _listens(self) -> bool | None:
        try:
            uid = int(self.user) if self.user.isdigit() else pwd.getpwnam(self.user).pw_uid
            return sniffers.listening(self.interface, uid)
        except (OSError, KeyError):
            return None

    def _count(self) -> EngineCount | None:
        try:
            return self.engine.count(self.spool)
        except (OSError, ValueError):
            return None

    def _cpu_s(self) -> float | None:
        """Return its unit's time on all processors (cgroup v2, cpu.stat)."""
        try:
            values = dict(line.split() for line in self.cpu_time.read_text().splitlines())
            return int(values["usage_usec"]) / 1e6
        except (OSError, ValueError, KeyError):
            return None
