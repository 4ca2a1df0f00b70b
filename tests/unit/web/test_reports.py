"""What the receiver publishes, right and wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from appliance.web import reports
from appliance.web.reports import StoreReport

REMOVED = object()


def test_parse_keeps_every_figure(values: dict[str, Any]) -> None:
    report = reports.parse(values)
    assert report.updated == values["updated"]
    assert report.ports == (37008,)
    assert report.counters.frames_sent == values["frames_sent"]
    assert report.counters.dropped == values["dropped"]
    source = report.sources["192.0.2.1"]
    assert source.counters.bytes_received == values["bytes_received"]
    assert source.last_seen == values["sources"]["192.0.2.1"]["last_seen"]


def test_parse_before_the_first_frame(values: dict[str, Any]) -> None:
    assert reports.parse(values | {"last_frame": None, "sources": {}}).last_frame is None


def test_accounted_obeys_conservation(values: dict[str, Any]) -> None:
    counters = reports.parse(values).counters
    assert counters.accounted == counters.datagrams_received == 1000


def test_lost_counts_what_never_came_in(values: dict[str, Any]) -> None:
    lost = reports.parse(values | {"socket_overflow": 5, "reassembly_failures": 6}).lost
    assert lost == values["dropped"] | {"socket_overflow": 5, "reassembly_failures": 6}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("updated", REMOVED),
        ("updated", "yesterday"),
        ("updated", float("nan")),
        ("started", 1e300),
        ("started", -1),
        ("last_frame", []),
        ("interface", None),
        ("ports", 37008),
        ("ports", ["37008"]),
        ("ports", [0]),
        ("ports", []),
        ("frames_sent", REMOVED),
        ("frames_sent", -1),
        ("frames_sent", 1.5),
        ("frames_sent", True),
        ("frames_sent", 1 << 63),
        ("dropped", [1]),
        ("sources", []),
        ("udp_errors", "0"),
    ],
    ids=str,
)
def test_parse_refuses_what_does_not_fit(values: dict[str, Any], key: str, value: Any) -> None:
    changed = copy.deepcopy(values)
    if value is REMOVED:
        del changed[key]
    else:
        changed[key] = value
    with pytest.raises(ValueError, match=key):
        reports.parse(changed)


@pytest.mark.parametrize("source", [None, 5, {}, {"dropped": {}}], ids=str)
def test_parse_refuses_a_source_without_counters(values: dict[str, Any], source: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        reports.parse(values | {"sources": {"192.0.2.1": source}})


def test_parse_refuses_a_reason_without_a_count(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="oversize"):
        reports.parse(values | {"dropped": {"oversize": None}})


def test_parse_store_reads_time_and_error() -> None:
    published = {"updated": 5, "stored": 7, "last_alert": None, "spool_lag_bytes": 0}
    assert reports.parse_store(published | {"error": None}) == StoreReport(5.0, None)
    assert reports.parse_store(published | {"error": "full"}) == StoreReport(5.0, "full")


def test_parse_store_refuses_what_has_no_time() -> None:
    with pytest.raises(ValueError, match="updated"):
        reports.parse_store({"error": None})


def test_parse_survives_json(values: dict[str, Any]) -> None:
    assert reports.parse(json.loads(json.dumps(values))) == reports.parse(values)
