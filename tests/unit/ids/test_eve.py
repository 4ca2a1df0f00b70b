# SPDX-License-Identifier: MIT
"""EVE lines: what becomes an alert, and that nothing else ends more than itself."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from typing import Any

import pytest

from appliance.errors import DecodeError
from appliance.ids import eve
from appliance.ids.alert import Alert
from tests.unit.ids import eve as lines


def decoded(line: bytes) -> Alert | None:
    return eve.alert(eve.record(line))


def test_alert_has_the_fields_of_every_engine() -> None:
    assert decoded(lines.line()) == Alert(
        time_us=lines.TIME_US,
        gid=1,
        sid=1228,
        rev=7,
        message="a scan",
        classification="Attempted Information Leak",
        priority=2,
        protocol="TCP",
        source="192.0.2.1",
        source_port=40000,
        destination="192.0.2.2",
        destination_port=80,
        engine="suricata",
    )


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"timestamp": "2026-11-20T14:00:04.123456+0130"}, {"time_us": lines.TIME_US}),
        ({"src_ip": "2001:0db8:0000:0000:0000:0000:0000:0001"}, {"source": "2001:db8::1"}),
        ({"proto": "IPv6-ICMP"}, {"protocol": "ICMPv6"}),
        ({"proto": "002"}, {"protocol": "IGMP"}),
        ({"proto": "099"}, {"protocol": "IP-99"}),
        ({"src_port": None, "dest_port": None}, {"source_port": None, "destination_port": None}),
        (
            {"src_ip": None, "dest_ip": None, "proto": None},
            {"source": "0.0.0.0", "destination": "0.0.0.0", "protocol": "Ethernet"},
        ),
    ],
    ids=["zone", "ipv6", "icmpv6", "number", "unknown number", "no ports", "no ip"],
)
def test_alert_is_put_as_every_engine_puts_it(
    fields: dict[str, Any], wanted: dict[str, Any]
) -> None:
    fields = {key: value for key, value in lines.alert(**fields).items() if value is not None}
    found = eve.alert(fields)
    assert found is not None
    assert {key: dataclasses.asdict(found)[key] for key in wanted} == wanted


def test_alert_without_a_class() -> None:
    raised = {**lines.alert()["alert"], "category": ""}
    found = eve.alert(lines.alert(alert=raised))
    assert found is not None
    assert found.classification is None


def test_alert_passes_over_other_records() -> None:
    assert decoded(b'{"event_type":"stats","stats":{}}') is None


@pytest.mark.parametrize("type_", [{}, {"event_type": None}, {"event_type": 1}])
def test_alert_refuses_a_record_without_a_type(type_: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match="without a type"):
        eve.alert({"alert": {"signature_id": 1}, **type_})


@pytest.mark.parametrize(
    "line",
    [b"", b"nonsense", b'{"event_type":"alert"', b"[1]", b'"alert"', b"\xff\xfe", b"[" * 50_000,
     b'{"a":' + b"9" * 5000 + b"}", b'"' + b"x" * eve.LONGEST_LINE + b'"'],
    ids=["empty", "no json", "torn", "list", "text", "no utf-8", "deep", "long number", "long"],
)  # fmt: skip
def test_record_refuses(line: bytes) -> None:
    with pytest.raises(DecodeError):
        eve.record(line)


@pytest.mark.parametrize("key", ["timestamp", "alert"])
def test_alert_refuses_a_record_without(key: str) -> None:
    values = lines.alert()
    del values[key]
    with pytest.raises(DecodeError):
        eve.alert(values)


@pytest.mark.parametrize("key", ["gid", "signature_id", "rev", "signature", "category", "severity"])
def test_alert_refuses_a_signature_without(key: str) -> None:
    values = lines.alert()
    del values["alert"][key]
    with pytest.raises(DecodeError):
        eve.alert(values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timestamp", "yesterday"),
        ("timestamp", "2026-11-20T12:30:04"),
        ("timestamp", 7),
        ("src_ip", "192.0.2.256"),
        ("src_ip", "::g"),
        ("src_ip", "::1\0"),
        ("src_ip", ["192.0.2.1"]),
        ("src_port", 65_536),
        ("dest_port", -1),
        ("dest_port", "80"),
        ("dest_port", True),
        ("proto", 6),
        ("alert", "text"),
        ("alert", {"signature_id": 1.5}),
    ],
)
def test_alert_refuses_values_that_cannot_be(key: str, value: Any) -> None:
    with pytest.raises(DecodeError):
        eve.alert(lines.alert(**{key: value}))


def test_every_torn_line_is_refused() -> None:
    whole = lines.line().rstrip()
    for length in range(len(whole)):
        with pytest.raises(DecodeError):
            eve.record(whole[:length])


def test_half_of_a_surrogate_pair_can_be_stored() -> None:
    raised = {**lines.alert()["alert"], "signature": "half \ud800"}
    found = decoded(json.dumps(lines.alert(alert=raised)).encode())
    assert found is not None
    assert found.message == "half ?"


def cheapest(content: bytes) -> float:
    """Return the CPU time of decoding a line, the least of some."""
    times = []
    for _ in range(7):
        begin = time.process_time()
        with contextlib.suppress(DecodeError):
            eve.alert(eve.record(content))
        times.append(time.process_time() - begin)
    return min(times)


def padded(content: bytes) -> bytes:
    return content.ljust(eve.LONGEST_LINE, b" ")[: eve.LONGEST_LINE]


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"[" + b",".join([b"9" * 4000] * 15) + b"]",
        b"[" + b",".join([b"1e-300"] * 9000) + b"]",
        b'{"' + b"\\u00e9" * 10_000 + b'":1}',
        b"{" + b",".join(b'"%d":{}' % number for number in range(6000)) + b"}",
        b'"' + b"\\\\" * 30_000 + b'"',
    ],
    ids=["arrays", "objects", "large numbers", "fractions", "escapes", "keys", "backslashes"],
)
def test_no_line_costs_more_than_fifty_ordinary_ones_of_its_size(content: bytes) -> None:
    ordinary = padded(lines.line(alert={**lines.alert()["alert"], "signature": "x" * 60_000}))
    assert cheapest(padded(content)) <= 50 * cheapest(ordinary)
