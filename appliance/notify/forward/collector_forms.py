# SPDX-License-Identifier: MIT
"""From EVE records to what each collector takes: RFC 5424, bulk, streams, flat rows. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Record = Mapping[str, Any]

# Facility local0, and severities of RFC 5424, 6.2.1, for priorities: critical, warning, notice.
_FACILITY, _SEVERITIES, _OTHER = 16, {1: 2, 2: 4, 3: 5}, 6
_LONGEST_HOST = 255


def syslog(record: Record, text: str) -> bytes:
    """Return an RFC 5424 message whose text is the record; without structured data."""
    severity = _SEVERITIES.get(record["alert"]["severity"], _OTHER)
    moment = record["timestamp"].replace("+0000", "Z")
    host = record["host"][:_LONGEST_HOST] or "-"
    return f"<{_FACILITY * 8 + severity}>1 {moment} {host} glovebox - alert - {text}".encode()


def octet_counted(message: bytes) -> bytes:
    """Frame a message for TCP (RFC 6587, 3.4.1)."""
    return b"%d %b" % (len(message), message)


def bulk(records: Sequence[Record], index: str) -> bytes:
    """Return a body for OpenSearch's and Elasticsearch's _bulk; each record comes in once."""
    lines = []
    for record in records:
        id_ = f"{record['host']}-{record['glovebox']['id']}"
        lines += [
            json.dumps({"create": {"_index": index, "_id": id_}}),
            json.dumps({"@timestamp": record["timestamp"], **record}),
        ]
    return ("\n".join(lines) + "\n").encode()


def refused_in_bulk(answer: str) -> int:
    """Return how many records of a bulk were refused; those that were there already count as taken.

    Raises ValueError for what is no answer to a bulk.
    """
    found = json.loads(answer)
    if not isinstance(found, dict) or "errors" not in found:
        raise ValueError("no answer to a bulk")
    if not found["errors"]:
        return 0
    statuses = [item["create"]["status"] for item in found.get("items", [])]
    return sum(not (200 <= status < 300 or status == 409) for status in statuses)


def loki(records: Sequence[Record], texts: Sequence[str]) -> bytes:
    """Return a body for Loki's /loki/api/v1/push: a stream for each priority."""
    streams: dict[int, list[list[str]]] = defaultdict(list)
    for record, text in zip(records, texts, strict=True):
        moment = datetime.fromisoformat(record["timestamp"])
        nanoseconds = int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000
        streams[record["alert"]["severity"]].append([str(nanoseconds), text])
    labels = {"job": "glovebox", "host": records[0]["host"]}
    found: list[dict[str, Any]] = [
        {"stream": {**labels, "priority": str(priority)}, "values": values}
        for priority, values in sorted(streams.items())
    ]
    return json.dumps({"streams": found}).encode()


def rows(records: Sequence[Record]) -> bytes:
    """Return flat rows for ClickHouse's JSONEachRow; docs/owner/fleet.md has the table for them."""
    return b"".join(json.dumps(_row(record)).encode() + b"\n" for record in records)


def _row(record: Record) -> dict[str, Any]:
    alert, own = record["alert"], record["glovebox"]
    return {
        "time": record["timestamp"].replace("T", " ").replace("+0000", ""),
        "sensor": record["host"],
        "id": own["id"],
        "engine": own["engine"],
        "gid": alert["gid"],
        "sid": alert["signature_id"],
        "rev": alert["rev"],
        "priority": alert["severity"],
        "message": alert["signature"],
        "category": alert["category"],
        "protocol": record["proto"],
        "source": record["src_ip"],
        "source_port": record.get("src_port", 0),
        "destination": record["dest_ip"],
        "destination_port": record.get("dest_port", 0),
    }
