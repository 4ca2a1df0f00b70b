# SPDX-License-Identifier: MIT
"""The public form of an alert."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.ids.alert import Alert, from_json

ALERT = Alert(
    time_us=1_795_166_783_000_042,
    gid=1,
    sid=1228,
    rev=7,
    message="SCAN nmap XMAS",
    classification="Attempted Information Leak",
    priority=2,
    protocol="TCP",
    source="192.0.2.1",
    source_port=40000,
    destination="2001:db8::1",
    destination_port=80,
    engine="snort",
    time_confirmed=True,
    alike=3,
    last_us=1_795_166_784_000_042,
    id=12,
)


def test_to_json_has_the_promised_form() -> None:
    assert ALERT.to_json() == {
        "id": 12,
        "time": "2026-11-20T09:26:23.000042Z",
        "gid": 1,
        "sid": 1228,
        "rev": 7,
        "message": "SCAN nmap XMAS",
        "classification": "Attempted Information Leak",
        "priority": 2,
        "protocol": "TCP",
        "source": "192.0.2.1",
        "source_port": 40000,
        "destination": "2001:db8::1",
        "destination_port": 80,
        "engine": "snort",
        "time_confirmed": True,
        "alike": 3,
        "last_time": "2026-11-20T09:26:24.000042Z",
    }
    assert list(ALERT.to_json())[0] == "id"


@given(st.integers(0, 4_294_967_295_999_999))
def test_from_json_gives_the_alert_back(time_us: int) -> None:
    alert = dataclasses.replace(ALERT, time_us=time_us, classification=None, source_port=None)
    assert from_json(alert.to_json()) == alert


@pytest.mark.parametrize("time", ["yesterday", "2026-11-20", ""])
def test_from_json_rejects_other_times(time: str) -> None:
    with pytest.raises(ValueError, match="time data"):
        from_json({**ALERT.to_json(), "time": time})
