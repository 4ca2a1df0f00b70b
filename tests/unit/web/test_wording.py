# SPDX-License-Identifier: MIT
"""Figures and codes in words."""

from __future__ import annotations

from datetime import datetime

import pytest

from appliance import words
from appliance.reports.levels import Level
from appliance.reports.outcomes import WORDS
from appliance.web import wording


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_234_567, "1.23 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1 GB"),
        (1 << 62, "4.61e+03 PB"),
    ],
)
def test_size_uses_the_largest_unit(octets: int, expected: str) -> None:
    assert wording.size(octets) == expected


@pytest.mark.parametrize(
    ("address", "port", "expected"),
    [
        ("192.0.2.1", 80, "192.0.2.1:80"),
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", 0, "192.0.2.1:0"),
        ("2001:db8::1", 80, "[2001:db8::1]:80"),
        ("2001:db8::1", None, "2001:db8::1"),
    ],
)
def test_endpoint_joins_address_and_port(address: str, port: int | None, expected: str) -> None:
    assert wording.endpoint(address, port) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "high"), (2, "medium"), (3, "low"), (4, "very low"), (99, "very low"), (0, "unknown")],
)
def test_priority_has_a_word_for_each(value: int, expected: str) -> None:
    assert wording.priority(value) == expected


def test_explanation_of_every_reason() -> None:
    assert wording.EXPLANATIONS.keys() == WORDS.keys()
    assert "does not know" in wording.explanation("gremlins")


def test_shade_of_every_level() -> None:
    shades = [wording.shade(level) for level in Level]
    assert shades == ["ok", "warning", "warning", "error"]


def test_utc_is_iso_8601() -> None:
    text = words.utc(1_795_165_983.9)
    assert datetime.fromisoformat(text).timestamp() == 1_795_165_983
    assert wording.readable_utc(text) == text[:10] + " " + text[11:19]
