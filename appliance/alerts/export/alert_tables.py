# SPDX-License-Identifier: MIT
"""Alerts and rows of the inbox as flat values, and as CSV that spreadsheets open safely. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from appliance import words
from appliance.alerts.triage import InboxItem

ALERT_FIELDS = (
    *("id", "time", "priority", "message", "classification", "gid", "sid", "rev", "protocol"),
    *("source", "source_port", "destination", "destination_port", "engine", "time_confirmed"),
    *("alike", "last_time"),
)
ROW_FIELDS = (
    *("priority", "state", "message", "classification", "gid", "sid", "rev", "engine", "source"),
    *("destination", "direction", "protocol", "ports", "alerts", "first_time", "last_time"),
    *("last_id", "note"),
)
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def of_item(item: InboxItem) -> dict[str, Any]:
    """Return a row of the inbox as the API gives it."""
    row = item.row
    return {
        "priority": row.priority,
        "state": item.state,
        "message": row.message,
        "classification": row.classification or None,
        "gid": row.key.gid,
        "sid": row.key.sid,
        "rev": row.rev,
        "engine": row.engine,
        "source": row.key.source or None,
        "destination": row.key.destination or None,
        "direction": item.direction or None,
        "protocol": row.protocol,
        "ports": list(row.ports),
        "alerts": item.alerts,
        "first_time": words.utc(row.first_us / 1e6),
        "last_time": words.utc(row.last_us / 1e6),
        "last_id": row.last_id,
        "note": item.mark.note or None,
    }


def table(rows: Iterable[Mapping[str, Any]], fields: Sequence[str]) -> str:
    """Return rows as CSV (RFC 4180), the names of the fields first.

    What is empty or not known is an empty cell. A text that a spreadsheet would take for a formula
    has an apostrophe before it.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(fields)
    writer.writerows([_cell(row.get(field)) for field in fields] for row in rows)
    return target.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    text = str(value)
    if isinstance(value, str) and text.startswith(_FORMULA):
        return f"'{text}"
    return text
