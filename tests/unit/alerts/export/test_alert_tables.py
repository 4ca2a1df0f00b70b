# SPDX-License-Identifier: MIT
"""CSV that spreadsheets open safely."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.alerts.export import alert_tables


def test_values_become_cells() -> None:
    rows: list[dict[str, Any]] = [
        {"a": None, "b": True, "c": [22, 80], "d": 'x, "y"\nz', "e": -5},
        {"b": False},
    ]
    text = alert_tables.table(rows, ("a", "b", "c", "d", "e"))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["a", "b", "c", "d", "e"],
        ["", "yes", "22 80", 'x, "y"\nz', "-5"],
        ["", "no", "", "", ""],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_nothing_is_a_formula(text: str) -> None:
    assert alert_tables.table([{"a": text}], ("a",)).splitlines()[1].lstrip('"').startswith("'")


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_every_text_comes_back(texts: list[str]) -> None:
    fields = [str(number) for number in range(len(texts))]
    read = csv.reader(
        io.StringIO(alert_tables.table([dict(zip(fields, texts, strict=True))], fields), newline="")
    )
    next(read)
    assert [cell.removeprefix("'") for cell in next(read)] == [
        text.removeprefix("'") for text in texts
    ]
