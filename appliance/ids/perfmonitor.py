# SPDX-License-Identifier: MIT
"""What Snort's own statistics mean: frames handed to it, those it dropped unseen, its crowd. Pure.

Snort calls different things "received". The kernel counts dropped packets among those of a packet
socket (packet(7), PACKET_STATISTICS); the pcap DAQ passes that figure on, the afpacket DAQ
subtracts. Snort's own percentage adds them a second time with pcap: 47 % where 90 % were lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.ids.engine import EngineCount

# Written when Snort starts, and not when it goes on to a new file because the last is full.
START = "##### Perfmon start"
RECEIVED, DROPPED = "pkt_stats.pkts_recv", "pkt_stats.pkts_drop"
# Connections that are followed now, and the most that can be: max_tcp of config/snort/snort.conf.
FOLLOWED, ROOM = "total_sessions", 32_768
CROWDED = 0.95


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
    those of the file before. Raises ValueError for a file without names of columns.
    """
    columns: Sequence[str] | None = None
    newest: Sequence[str] | None = None
    # What stands after the last end of line is still being written.
    for line in text.split("\n")[:-1]:
        if line.startswith("#time,"):
            columns, newest = line[1:].split(","), None
        elif line and not line.startswith("#"):
            newest = line.split(",")
    if columns is None:
        raise ValueError("no line that names the columns")
    if newest is None:
        return EngineCount(0, 0) if START in text else None
    row = dict(zip(columns, newest, strict=False))
    try:
        count = DAQS[daq](int(row[RECEIVED]), int(row[DROPPED]))
        return replace(count, crowded=int(row.get(FOLLOWED, 0)) >= CROWDED * ROOM)
    except KeyError as error:
        raise ValueError(f"no column {error}") from None
