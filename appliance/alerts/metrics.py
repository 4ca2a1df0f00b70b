# SPDX-License-Identifier: MIT
"""What /metrics tells of the stored alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from appliance.alerts.pages import AlertPages
from appliance.area import Places
from appliance.formats.exposition import Family, by_label, gauge

MOST_SIGNATURES = 20


def families(places: Places) -> Iterator[Family]:
    """Yield how many alerts are stored, in all, by priority and by signature."""
    summary = AlertPages(places.database).summary(MOST_SIGNATURES)
    yield gauge("glovebox_alerts_stored", "Alerts in the database.", summary.count)
    yield Family(
        "glovebox_alerts_stored_by_priority",
        "gauge",
        "Alerts in the database, by priority; 1 is the gravest.",
        by_label(
            {str(priority): count for priority, count in summary.priorities.items()}, "priority"
        ),
    )
    yield Family(
        "glovebox_alerts_stored_by_signature",
        "gauge",
        f"Alerts in the database, of the {MOST_SIGNATURES} most frequent signatures.",
        tuple((_signature(row), row["alerts"]) for row in summary.signatures),
    )


def _signature(row: Mapping[str, Any]) -> Mapping[str, str]:
    # All that tells signatures apart: no two samples may have the same labels.
    keys = ("engine", "gid", "sid", "rev", "priority", "classification", "message")
    return {key: str(row[key] or "") for key in keys}
