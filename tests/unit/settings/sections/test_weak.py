# SPDX-License-Identifier: MIT
"""Passwords that everybody tries first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings.sections.weak import is_weak


@pytest.mark.parametrize(
    "password",
    ["password", "Password1", "p@ssw0rd", "PASSWORD!", "passwordpassword", "12345678", "123456789",
     "87654321", "1234567890", "00000000", "aaaaaaaa", "abababab", "qwertyui", "Qwertz123",
     "asdfghjk", "abcdefgh", "1q2w3e4r", "1qaz2wsx", "19871224", "glovebox", "Glovebox1",
     "raspberry", "mikrotik1", "letmein!", "iloveyou", "changeme", "admin123", "Passwort1",
     "admin1234", "welcome1!", "!!!!!!!!", "password123456", "123password", "trustno1", "123123123",
     "pass_word", "1234abcd", "sunshine2024"],
)  # fmt: skip
def test_weak_ones(password: str) -> None:
    assert is_weak(password)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "attackers1", "owners-secret", "the first password", "tr0ub4dor&3",
     "my password is long", "Fahrrad!Kette", "a-token-of-the-tests", "another good one",
     "gL0vebox-in-the-shed", "3141592653589", "kd83jf7q", "passwordless society", "äöüßäöüx"],
)  # fmt: skip
def test_others(password: str) -> None:
    assert not is_weak(password)


@given(st.text(max_size=256))
def test_anything_can_be_asked(password: str) -> None:
    assert is_weak(password) in (True, False)
