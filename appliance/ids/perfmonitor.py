# SPDX-License-Identifier: MIT
"""What Snort's own statistics mean: frames handed to it, those it dropped unseen, its crowd. Pure.

Snort calls different things "received". The kernel counts dropped packets among those of a packet
socket (packet(7), PACKET_STATISTICS); the pcap DAQ passes that figure on, the afpacket DAQ
subtracts. Snort's own percentage adds them a second time with pcap: 47 % where 90 % were lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from appliance.ids.engine import EngineCount

# Written when Snort starts, and not when it goes on to a new file because the last is full.
START = "##### Perfmon start"
RECEIVED, DROPPED = "pkt_stats.pkts_recv", "pkt_stats.pkts_drop"
# Connections that are followed now, and the most that can be: max_tcp of config/snort/snort.conf.
FOLLOWED, ROOM = "total_sessions", 32_768
CROWDED = 0.95
# Connections given up for others, and thousands of frames, in each second since the row before.
PRUNED, PACE = "tcp_sessions_pruned_per_second", "kpackets_wire_per_sec.realtime"


def pcap(received: int, dropped: int) -> EngineCount:
    """Read the pcap DAQ: received includes dropped (measured with 2.9.20)."""
    return EngineCount(offered=received, lost=dropped)


def afpacket(received: int, dropped: int) -> EngineCount:
    """Read the afpacket DAQ: received is what was left (measured with 2.9.20)."""
    return EngineCount(offered=received + dropped, lost=dropped)


DAQS = {"pcap": pcap, "afpacket": afpacket}
# The one that config/snort/start.sh chooses.
DAQ = "afpacket"


def parse(text: str, daq: str = DAQ) -> EngineCount | None:
    """Return the newest figures in a perfmonitor file with `accumulate` (Snort 2.9 manual, 2.2.8).

    A line starting with "#time," names the columns; each start of Snort writes it anew and counts
    from 0. None where Snort went on to this file and has written none yet: it counts on from
    those of the file before. What it has forgotten is counted from the begin of each file. Raises
    ValueError for a file without names of columns.
    """
    columns: Sequence[str] | None = None
    rows: list[Sequence[str]] = []
    # What stands after the last end of line is still being written.
    for line in text.split("\n")[:-1]:
        if line.startswith("#time,"):
            columns, rows = line[1:].split(","), []
        elif line and not line.startswith("#"):
            rows.append(line.split(","))
    if columns is None:
        raise ValueError("no line that names the columns")
    if not rows:
        return EngineCount(0, 0) if START in text else None
    row = dict(zip(columns, rows[-1], strict=False))
    try:
        count = DAQS[daq](int(row[RECEIVED]), int(row[DROPPED]))
        return replace(
            count,
            crowded=int(row.get(FOLLOWED, 0)) >= CROWDED * ROOM,
            forgotten=_forgotten(columns, rows),
        )
    except KeyError as error:
        raise ValueError(f"no column {error}") from None


def _forgotten(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return how many connections were given up for others in all rows.

    A row tells of how many frames a second, and of how many frames: so how long it stands for. Its
    time is in whole seconds, which may be wrong by half. The first row only begins the count.
    """
    if PRUNED not in columns or PACE not in columns:
        return 0
    received, pruned, pace = (columns.index(name) for name in (RECEIVED, PRUNED, PACE))
    found = 0.0
    for before, row in pairwise(row for row in rows if len(row) == len(columns)):
        frames_a_second = 1000 * float(row[pace])
        if frames_a_second:
            seconds = (int(row[received]) - int(before[received])) / frames_a_second
            found += seconds * float(row[pruned])
    return round(found)
