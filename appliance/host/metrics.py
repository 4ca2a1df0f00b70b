# SPDX-License-Identifier: MIT
"""What /metrics tells of the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil

from appliance.area import Places
from appliance.formats.exposition import Family, gauge
from appliance.host import machine


def families(places: Places) -> Iterator[Family]:
    """Yield load, memory, heat, when it started, and what this process takes."""
    memory = machine.memory()
    yield gauge("glovebox_machine_load1", "Load average of the last minute.", os.getloadavg()[0])
    yield gauge("glovebox_machine_memory_bytes", "RAM of the machine.", memory.total)
    yield gauge(
        "glovebox_machine_memory_available_bytes",
        "RAM that can be had without swapping.",
        memory.available,
    )
    yield gauge(
        "glovebox_machine_temperature_celsius",
        "The hottest sensor of the processor.",
        _temperature(),
    )
    yield gauge(
        "glovebox_machine_boot_timestamp_seconds", "When the machine started.", psutil.boot_time()
    )
    yield gauge(
        "glovebox_web_resident_memory_bytes",
        "RAM of the page's process.",
        psutil.Process().memory_info().rss,
    )


def _temperature() -> float | None:
    try:
        return machine.temperature()
    except (OSError, ValueError):
        return None
