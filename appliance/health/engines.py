"""What each engine's own statistics mean: frames handed to it, and those it dropped unseen. Pure.

Engines call different things "received". The kernel counts dropped packets among those of a packet
socket (packet(7), PACKET_STATISTICS); who passes that figure on includes them, who subtracts does
not. Snort's own percentage adds them a second time with the pcap DAQ: 47 % where 90 % were lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.health.observations import EngineCount

RECEIVED, DROPPED = "pkt_stats.pkts_recv", "pkt_stats.pkts_drop"


def snort_pcap(received: int, dropped: int) -> EngineCount:
    """Read Snort 2.9 with the pcap DAQ: received includes dropped (measured with 2.9.20)."""
    return EngineCount(offered=received, lost=dropped)


def snort_afpacket(received: int, dropped: int) -> EngineCount:
    """Read Snort 2.9 with the afpacket DAQ: received is what was left (measured with 2.9.20)."""
    return EngineCount(offered=received + dropped, lost=dropped)


def suricata(capture: Mapping[str, int]) -> EngineCount:
    """Read "capture" of an EVE stats record, AF_PACKET mode: kernel_packets includes the drops.

    The manual says otherwise, but Suricata publishes the kernel's figure as it is. Raises KeyError.
    """
    return EngineCount(offered=capture["kernel_packets"], lost=capture["kernel_drops"])


DAQS = {"pcap": snort_pcap, "afpacket": snort_afpacket}
# The one that config/snort/start.sh chooses.
DAQ = "afpacket"


def parse_perfmonitor(text: str, daq: str = DAQ) -> EngineCount:
    """Return the newest figures in a perfmonitor file with `accumulate` (Snort 2.9 manual, 2.2.8).

    A line starting with "#time," names the columns; each start of Snort writes it anew and counts
    from 0. Raises ValueError for a file without it.
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
        return EngineCount(0, 0)
    row = dict(zip(columns, newest, strict=False))
    try:
        return DAQS[daq](int(row[RECEIVED]), int(row[DROPPED]))
    except KeyError as error:
        raise ValueError(f"no column {error}") from None
