# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from appliance import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")],
)
def test_duration_names_the_largest_whole_unit(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.000001, "less than 0.1 %"),
        (0.001, "0.1 %"),
        (0.1, "10 %"),
        (0.125, "12.5 %"),
        (0.9995, "more than 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_percent_never_calls_a_little_nothing(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [(0, "0 MiB"), (95 << 20, "95 MiB"), (3 << 29, "1.5 GiB"), (1 << 42, "4,096.0 GiB")],
)
def test_mebibytes_chooses_a_unit(octets: int, text: str) -> None:
    assert words.mebibytes(octets) == text


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")]
)
def test_listed_joins_as_people_do(parts: list[str], text: str) -> None:
    assert words.listed(parts) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01, "0.1"), (1, "1.0"), (9.94, "9.9"), (9.96, "10"), (1234.4, "1,234")],
)
def test_rate_rounds_to_what_the_eye_needs(value: float, text: str) -> None:
    assert words.rate(value) == text
