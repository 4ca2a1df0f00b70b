"""Reports of the receiver as it publishes them; tests name what they are about."""

from __future__ import annotations

from typing import Any

ROUTER = "192.0.2.1"
REASONS = (
    "malformed",
    "unsupported_encapsulation",
    "oversize",
    "feedback",
    "unlisted_source",
    "no_buffer",
    "interface_down",
)


STARTED = 1_795_000_000.0


def a_report(now: float, frames: int = 990, keepalives: int = 7, **dropped: int) -> dict[str, Any]:
    """Return what the receiver says at `now` of one router, obeying conservation."""
    counters = {
        "datagrams_received": frames + keepalives + sum(dropped.values()),
        "bytes_received": frames * 640,
        "frames_sent": frames,
        "bytes_sent": frames * 600,
        "keepalives": keepalives,
        "dropped": dict.fromkeys(REASONS, 0) | dropped,
    }
    return {
        "updated": now,
        "started": STARTED,
        "interface": "tzsp0",
        "ports": [37008],
        "last_frame": now - 0.2 if frames else None,
        **counters,
        "socket_overflow": 0,
        "reassembly_failures": 0,
        "udp_errors": 0,
        "sources": {ROUTER: {**counters, "last_seen": now - 0.2}} if frames else {},
    }
