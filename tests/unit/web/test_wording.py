"""Figures and codes in words."""

from __future__ import annotations

from datetime import datetime

import pytest

from appliance.web import wording


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (0.01, "0.1"), (1, "1.0"), (9.94, "9.9"), (9.96, "10"), (1234.4, "1,234")],
)
def test_rate_rounds_to_what_the_eye_needs(value: float, expected: str) -> None:
    assert wording.rate(value) == expected


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
    ("seconds", "expected"),
    [(-5, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")],
)
def test_duration_rounds_down_to_one_unit(seconds: float, expected: str) -> None:
    assert wording.duration(seconds) == expected


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
    ("words", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_enumerate_words_joins_as_in_speech(words: list[str], expected: str) -> None:
    assert wording.enumerate_words(words) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "high"), (2, "medium"), (3, "low"), (4, "very low"), (99, "very low"), (0, "unknown")],
)
def test_priority_has_a_word_for_each(value: int, expected: str) -> None:
    assert wording.priority(value) == expected


def test_reason_of_an_unknown_code_passes_through() -> None:
    assert wording.reason("gremlins") == "gremlins"
    assert "does not know" in wording.explanation("gremlins")


def test_utc_is_iso_8601() -> None:
    text = wording.utc(1_795_165_983.9)
    assert datetime.fromisoformat(text).timestamp() == 1_795_165_983
    assert wording.readable_utc(text) == text[:10] + " " + text[11:19]
