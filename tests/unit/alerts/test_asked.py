# SPDX-License-Identifier: MIT
"""What the fields of the filter ask for."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.alerts import asked
from appliance.alerts.search import Filter
from appliance.alerts.way import Homes, Way

HOMES = Homes()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"text": "Scan"}, {"text": "Scan"}),
        ({"priority": "1", "port": "22"}, {"priority": 1, "port": 22}),
        ({"sid": "1:7"}, {"gid": 1, "sid": 7}),
        ({"direction": "in"}, {"way": Way("in", HOMES)}),
        ({"since": "1970-01-01T00:01"}, {"since_us": 60_000_000}),
        ({"until": "1970-01-02"}, {"until_us": 86_400_000_000}),
        ({"until": "1970-01-01T00:00:05Z"}, {"until_us": 5_000_000}),
        ({"source": "a", "destination": "b"}, {"source": "a", "destination": "b"}),
    ],
)
def test_fields_are_understood(given: dict[str, str], expected: dict[str, Any]) -> None:
    assert asked.parse(given, {}, HOMES) == (Filter(**expected), [])


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("port", "65536", "is no port"),
        ("port", "ssh", "is no port"),
        ("direction", "up", "is no direction"),
        ("since", "yesterday", "is no time"),
        ("since", "2026-13-01T00:00", "is no time"),
        ("until", "2026-W01-1", "is no time"),
        ("priority", "-1", "is no priority"),
        ("source", "x" * 101, "too long"),
    ],
)
def test_what_is_wrong_is_said(field: str, text: str, reason: str) -> None:
    wanted, errors = asked.parse({field: text}, {}, HOMES)
    assert wanted == Filter()
    assert len(errors) == 1
    assert reason in errors[0]
