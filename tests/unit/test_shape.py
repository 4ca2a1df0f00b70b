# SPDX-License-Identifier: MIT
"""Dataclasses to JSON and back: the same value, or a refusal that names the field."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from appliance.shape import from_json, to_json


class Colour(enum.StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    name: str
    count: int


@dataclass(frozen=True)
class Whole:
    when: float
    colour: Colour
    on: bool
    parts: tuple[Part, ...]
    shares: Mapping[str, float]
    note: str | None = None
    best: Part | None = None
    more: Mapping[str, Part] = field(default_factory=dict)


WHOLE = Whole(
    1.5, Colour.RED, True, (Part("a", 1),), {"x": 0.5}, None, Part("b", 2), {"y": Part("c", 3)}
)
VALUES = json.loads(json.dumps(to_json(WHOLE)))


def test_what_is_written_is_read_back_the_same() -> None:
    assert from_json(Whole, VALUES) == WHOLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("when", -1), ("when", float("nan")), ("when", float("inf")), ("when", True), ("when", "1"),
        ("when", 1e300), ("colour", "green"), ("on", 1), ("parts", {}), ("parts", [1]),
        ("parts", [{"name": "a"}]), ("parts", [{"name": "a", "count": -1}]),
        ("parts", [{"name": "a", "count": 1 << 63}]), ("parts", [{"name": "a", "count": True}]),
        ("parts", [{"name": "a", "count": 1, "more": 1}]), ("shares", {"x": None}), ("note", 5),
        ("best", {}), ("more", [])
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=".*"):
        from_json(Whole, {**VALUES, key: value})


@pytest.mark.parametrize("key", sorted(VALUES))
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(ValueError, match="Whole"):
        from_json(Whole, {name: value for name, value in VALUES.items() if name != key})


def test_the_field_that_does_not_fit_is_named_and_its_text_is_short() -> None:
    with pytest.raises(ValueError, match=r"^Whole\.parts\[\]\.name = ") as caught:
        from_json(Whole, {**VALUES, "parts": [{"name": ["x" * 1000], "count": 1}]})
    assert len(str(caught.value)) < 200
