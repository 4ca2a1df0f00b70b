from __future__ import annotations

from typing import Any

import pytest

from appliance.ids.engine import EngineCount
from appliance.reports.outcomes import REASONS
from appliance.supervisor.observations import (
    NotKnownError,
    Receiver,
    SelfTest,
    Store,
    Unknown,
    known,
)

COUNTS: dict[str, Any] = {
    "datagrams_received": 12, "bytes_received": 1200, "frames_sent": 9, "bytes_sent": 900,
    "keepalives": 1, "dropped": dict.fromkeys(REASONS, 0) | {"malformed": 2},
}  # fmt: skip
REPLAY: dict[str, Any] = {
    "updated": 100.5, "started": 1.0, "interface": "tzsp0", "ports": [37008, 37009],
    "last_frame": None, **COUNTS, "socket_overflow": 3, "reassembly_failures": 4, "udp_errors": 5,
    "sources": {"192.0.2.1": {**COUNTS, "last_seen": 99.0}},
}  # fmt: skip
ALERTS: dict[str, Any] = {
    "updated": 100.5, "stored": 7, "added": 3, "last_alert": 99.5, "spool_lag_bytes": 64,
    "error": None, "repaired": None, "clock_set": None,
}  # fmt: skip
SELFTEST: dict[str, Any] = {
    "time": 99, "passed": True, "verdict": "All is well.", "seconds": {"engine": 1},
}  # fmt: skip


def test_known_returns_what_is_known() -> None:
    assert known(0) == 0
    with pytest.raises(NotKnownError, match="the reason"):
        known(Unknown("the reason"))


def test_engine_count_saw_what_it_did_not_lose() -> None:
    assert EngineCount(offered=100, lost=30).seen == 70


def test_receiver_from_json_reads_what_the_service_publishes() -> None:
    found = Receiver.from_json(REPLAY)
    assert (found.updated, found.last_frame, found.ports) == (100.5, None, (37008, 37009))
    assert (found.socket_overflow, found.reassembly_failures) == (3, 4)
    assert found.tally.as_json() == COUNTS
    assert found.sources["192.0.2.1"].last_seen == 99.0
    assert Receiver.from_json({**REPLAY, "last_frame": 98}).last_frame == 98.0


def test_store_from_json_reads_what_the_service_publishes() -> None:
    assert Store.from_json(ALERTS) == Store(100.5, 7, 3, 99.5, 64, None)
    nothing = Store.from_json({**ALERTS, "last_alert": None, "error": "full"})
    assert (nothing.last_alert, nothing.error) == (None, "full")
    mended = Store.from_json({**ALERTS, "repaired": {"boottime": 55.5, "alerts": 9}})
    assert (mended.repaired, mended.saved) == (55.5, 9)
    assert Store.from_json({**ALERTS, "clock_set": 40}).clock_set == 40.0


def test_selftest_from_json_reads_what_the_test_publishes() -> None:
    assert SelfTest.from_json(SELFTEST) == SelfTest(99.0, True, "All is well.", {"engine": 1.0})


CASES = [
    (kind, values, key)
    for kind, values in ((Receiver, REPLAY), (Store, ALERTS), (SelfTest, SELFTEST))
    for key in values
    if key not in ("started", "interface", "udp_errors", "datagrams_received")
]


@pytest.mark.parametrize(
    ("kind", "values", "key"), CASES, ids=[f"{kind.__name__}-{key}" for kind, _, key in CASES]
)
def test_from_json_refuses_a_file_without(kind: Any, values: dict[str, Any], key: str) -> None:
    with pytest.raises(KeyError):
        kind.from_json({name: value for name, value in values.items() if name != key})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Receiver, {**REPLAY, "updated": "now"}),
        (Receiver, {**REPLAY, "ports": 37008}),
        (Receiver, {**REPLAY, "dropped": [1]}),
        (Receiver, {**REPLAY, "sources": {"192.0.2.1": 5}}),
        (Store, {**ALERTS, "stored": None}),
        (SelfTest, {**SELFTEST, "seconds": {"engine": "long"}}),
    ],
)
def test_from_json_refuses_other_types(kind: Any, values: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        kind.from_json(values)
