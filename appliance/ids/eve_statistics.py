# SPDX-License-Identifier: MIT
"""What Suricata's own statistics mean: frames handed to it, and those it dropped unseen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.errors import DecodeError
from appliance.ids import eve
from appliance.ids.engine import EngineCount, InspectorCount
from appliance.ids.handover import read_at

# Several records: each holds every counter that is not zero.
TAIL = 1 << 17
# "W#01-tzsp0:2": the thread of the third inspector.
_INSPECTOR = re.compile(r"W#01-.+:\d$")
# Bytes for what it knows of connections: memcap of config/suricata/suricata.yaml.
ROOM = {"flow": 24 << 20, "tcp": 32 << 20}
CROWDED = 0.95
# Connections that it gave up or never followed: another's flow taken, no flow left, no stream left.
FORGOTTEN = (("flow", "get_used"), ("flow", "memcap"), ("tcp", "ssn_memcap_drop"))


def newest(file: Path) -> EngineCount:
    """Return the figures of the newest record. Raises OSError, ValueError."""
    size = file.stat().st_size
    begin = max(0, size - TAIL)
    return parse(read_at(file, begin, TAIL))


def parse(tail: bytes) -> EngineCount:
    """Return the figures of the last whole record in the end of a file.

    Each start of Suricata makes it anew, empty, and counts from 0. Raises ValueError for what is no
    statistics.
    """
    if not tail:
        return EngineCount(0, 0)
    # What stands after the last end of line is still being written.
    for line in reversed(tail.split(b"\n")[:-1]):
        try:
            found = eve.record(line.lstrip(b"\0"))
            if found.get("event_type") == "stats":
                return _count(found["stats"])
        except (DecodeError, KeyError, TypeError, AttributeError):
            continue
    raise ValueError("no statistics of Suricata")


def _count(stats: Mapping[str, Any]) -> EngineCount:
    """Read "capture" in AF_PACKET mode: kernel_packets includes the drops.

    The manual says otherwise, but Suricata publishes the kernel's figure as it is (packet(7),
    PACKET_STATISTICS; measured with 7.0.10). Counters that are zero are left out.
    """
    capture = stats.get("capture", {})
    return EngineCount(
        offered=int(capture.get("kernel_packets", 0)),
        lost=int(capture.get("kernel_drops", 0)),
        crowded=any(
            int(stats.get(part, {}).get("memuse", 0)) >= CROWDED * room
            for part, room in ROOM.items()
        )
        or _hurries(stats.get("flow", {})),
        forgotten=sum(int(stats.get(part, {}).get(name, 0)) for part, name in FORGOTTEN),
        inspectors=tuple(
            _inspector(found.get("capture", {}))
            for name, found in sorted(stats.get("threads", {}).items())
            if _INSPECTOR.match(name)
        ),
    )


def _inspector(capture: Mapping[str, Any]) -> InspectorCount:
    offered = int(capture.get("kernel_packets", 0))
    polls = int(capture.get("afpacket", {}).get("polls", 0))
    return InspectorCount(offered, int(capture.get("kernel_drops", 0)), offered + polls)


def _hurries(flow: Mapping[str, Any]) -> bool:
    """Tell whether connections are forgotten sooner now than else (flow.emergency-recovery)."""
    return int(flow.get("emerg_mode_entered", 0)) > int(flow.get("emerg_mode_over", 0))
