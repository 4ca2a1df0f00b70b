# SPDX-License-Identifier: MIT
"""The words where a value does not fit."""

from __future__ import annotations

from datetime import date

import pytest

from appliance.settings.sections.fit import Unfit, expect


def test_expect_lets_pass_what_fits() -> None:
    expect(True, "ports", 1, "1 to 65535")


def test_expect_shows_key_value_and_what_was_expected() -> None:
    with pytest.raises(Unfit, match="^ports = 0: expected 1 to 65535$"):
        expect(False, "ports", 0, "1 to 65535")


def test_expect_shows_a_date_as_it_is_written() -> None:
    with pytest.raises(Unfit, match="^keep = 2026-01-02: "):
        expect(False, "keep", date(2026, 1, 2), "a number")


def test_expect_shows_no_password() -> None:
    with pytest.raises(Unfit) as raised:
        expect(False, "password", "secret", "something else")
    assert str(raised.value) == "password = …: expected something else"
