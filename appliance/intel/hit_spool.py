# SPDX-License-Identifier: MIT
"""The folder through which the matcher hands its alerts to the store, as lines of EVE's form.

One file a run, `intel.<run>.json`, that only ever grows; the store punches holes into what it has
read (`appliance.ids.eve_spool`).
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from appliance.ids.alert import Alert

FOLDER = Path("/run/glovebox-intel/spool")
PREFIX = "intel"
# Who raises these alerts, as they are stored.
ENGINE = "intel"
# What may wait where nobody stores anything.
MOST_BYTES = 4 << 20
_BLOCK = 512  # stat(2): st_blocks


class HitSpool:
    """The file of this run. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        # Rises with each start, and nobody sets this clock.
        run = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(folder / f"{PREFIX}.{run}.json", flags, 0o600)
        # The store gives back what it has read, and is of the same group.
        os.fchmod(self._file, 0o660)

    def put(self, alert: Alert) -> bool:
        """Hand an alert on; False where there is no room for it."""
        line = (json.dumps(eve_of(alert), separators=(",", ":")) + "\n").encode()
        try:
            if os.fstat(self._file).st_blocks * _BLOCK + len(line) > MOST_BYTES:
                return False
            return os.write(self._file, line) == len(line)
        except OSError:
            return False

    def close(self) -> None:
        """End the file."""
        os.close(self._file)


def eve_of(alert: Alert) -> dict[str, object]:
    """Return an alert as Suricata would write it."""
    return {
        "timestamp": alert.time.strftime("%Y-%m-%dT%H:%M:%S.%f+0000"),
        "event_type": "alert",
        "src_ip": alert.source,
        "src_port": alert.source_port,
        "dest_ip": alert.destination,
        "dest_port": alert.destination_port,
        "proto": alert.protocol,
        "alert": {
            "gid": alert.gid,
            "signature_id": alert.sid,
            "rev": alert.rev,
            "signature": alert.message,
            "category": alert.classification or "",
            "severity": alert.priority,
        },
    }
