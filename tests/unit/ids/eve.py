# SPDX-License-Identifier: MIT
"""EVE lines built by hand, in the shape in which Suricata 7.0.10 writes them."""

from __future__ import annotations

import json
from typing import Any

TIME = "2026-11-20T12:30:04.123456+0000"
TIME_US = 1_795_177_804_123_456


def alert(
    sid: int = 1228, *, ports: tuple[int, int] = (40000, 80), **fields: Any
) -> dict[str, Any]:
    """Build an alert's record: 192.0.2.1 to 192.0.2.2; `fields` replace or join those of it."""
    return {
        "timestamp": TIME,
        "flow_id": 1173244096834893,
        "in_iface": "tzsp0",
        "event_type": "alert",
        "src_ip": "192.0.2.1",
        "src_port": ports[0],
        "dest_ip": "192.0.2.2",
        "dest_port": ports[1],
        "proto": "TCP",
        "pkt_src": "wire/pcap",
        "alert": {
            "action": "allowed",
            "gid": 1,
            "signature_id": sid,
            "rev": 7,
            "signature": "a scan",
            "category": "Attempted Information Leak",
            "severity": 2,
        },
        **fields,
    }


def line(sid: int = 1228, **fields: Any) -> bytes:
    """Build an alert's line."""
    return json.dumps(alert(sid, **fields), separators=(",", ":")).encode() + b"\n"


def stats(packets: int, drops: int) -> bytes:
    """Build a line of statistics."""
    capture = {"kernel_packets": packets, "kernel_drops": drops}
    capture = {name: figure for name, figure in capture.items() if figure}
    record = {"timestamp": TIME, "event_type": "stats", "stats": {"uptime": 3, "capture": capture}}
    return json.dumps(record).encode() + b"\n"
