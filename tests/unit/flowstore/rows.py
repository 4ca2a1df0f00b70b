# SPDX-License-Identifier: MIT
"""Made flows for the tests of the store."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np

from appliance.flowstore.spool import ROW, Rows

# 2026-11-30 00:00:00 UTC, in seconds.
MIDNIGHT = 1_795_996_800
MAPPED = 0xFFFF << 32


def v4(text: str) -> int:
    return int(ip_address(text)) | MAPPED


def made(count: int = 100, at: float = MIDNIGHT + 43_200, seed: int = 1) -> Rows:
    """Return flows of one moment on: a host asks many, each flow of other bytes."""
    random = np.random.default_rng(seed)
    found = np.zeros(count, ROW)
    found["first"] = np.int64(at * 1000) + np.sort(random.integers(0, 60_000, count))
    found["last"] = found["first"] + random.integers(0, 20_000, count)
    found["src_lo"] = v4("192.168.88.9")
    found["dst_lo"] = v4("203.0.113.0") + random.integers(0, 200, count).astype(np.uint64)
    found["bytes"] = random.integers(40, 1 << 20, count)
    found["packets"] = 3
    found["proto"] = random.choice([6, 17], count)
    found["dport"] = np.where(found["proto"] == 17, 53, 443)
    found["sport"] = random.integers(1024, 65_535, count)
    found["way"] = 2
    found["exporter_lo"] = v4("192.168.88.1")
    return found
