# SPDX-License-Identifier: MIT
"""The query of a request: numbers in range, or an error that says what was expected."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest

from appliance.access import parameters


def test_whole_reads_a_number() -> None:
    with Flask("test").test_request_context("/?after=17&after=18"):
        assert parameters.whole("after") == 17
        assert parameters.whole("before") is None


@pytest.mark.parametrize(
    "text", ["", "-1", "%2B1", "1.5", "1e3", "0x10", "many", "%D9%A1", " 1", "9" * 19, "9" * 5000]
)
def test_whole_refuses_what_is_no_whole_number(text: str) -> None:
    with (
        Flask("test").test_request_context(f"/?after={text}"),
        pytest.raises(BadRequest, match="after = '.*': expected a whole number") as caught,
    ):
        parameters.whole("after")
    assert len(str(caught.value.description)) < 120


@pytest.mark.parametrize(
    ("query", "expected"), [("", 50), ("limit=0", 1), ("limit=7", 7), ("limit=5000", 1000)]
)
def test_clamped_brings_into_range(query: str, expected: int) -> None:
    with Flask("test").test_request_context(f"/?{query}"):
        assert parameters.clamped("limit", 50, 1000) == expected


def test_allow_refuses_other_names() -> None:
    with (
        Flask("test").test_request_context("/?limit=1&limits=2"),
        pytest.raises(BadRequest, match="No parameter 'limits'; there are limit, after"),
    ):
        parameters.allow(("limit", "after"))
