"""A report of the receiver as it publishes it; tests change what they are about."""

from __future__ import annotations

from typing import Any

import pytest

NOW = 1_795_165_983.0  # 2026-11-20T09:13:03Z


@pytest.fixture
def values() -> dict[str, Any]:
    """Return a report that obeys conservation: 1000 datagrams from one router, 3 dropped."""
    counters = {
        "datagrams_received": 1000,
        "bytes_received": 640_000,
        "frames_sent": 990,
        "bytes_sent": 600_000,
        "keepalives": 7,
        "dropped": {
            "malformed": 1,
            "unsupported_encapsulation": 0,
            "oversize": 2,
            "feedback": 0,
            "unlisted_source": 0,
            "no_buffer": 0,
            "interface_down": 0,
        },
    }
    return {
        "updated": NOW,
        "started": NOW - 3600,
        "interface": "lo",
        "ports": [37008],
        "last_frame": NOW - 0.2,
        **counters,
        "socket_overflow": 0,
        "reassembly_failures": 0,
        "udp_errors": 0,
        "sources": {"192.0.2.1": {**counters, "last_seen": NOW - 0.2}},
    }
