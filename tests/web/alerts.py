# SPDX-License-Identifier: MIT
"""Alerts to store; tests name what they are about."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from appliance.alerts.store import AlertStore
from appliance.alerts.timing import Span
from appliance.ids.alert import Alert

KEEP = 1_000_000
ALWAYS = Span(0, 1 << 62)
SCAN: dict[str, Any] = {
    "gid": 1,
    "sid": 2001219,
    "rev": 20,
    "message": "ET SCAN Potential SSH Scan",
    "classification": "Attempted Information Leak",
    "priority": 2,
    "protocol": "TCP",
    "source": "198.51.100.7",
    "source_port": 40222,
    "destination": "192.168.1.20",
    "destination_port": 22,
    "engine": "snort",
}


def an_alert(**fields: Any) -> Alert:
    """Return an alert of now, a scan but for what `fields` say."""
    return Alert(**({"time_us": time.time_ns() // 1000} | SCAN | fields))


def add(store: AlertStore, alerts: Iterable[Alert]) -> None:
    """Store alerts as the service does while the clock is set."""
    store.add(list(alerts), {}, KEEP, confirmed=ALWAYS)
