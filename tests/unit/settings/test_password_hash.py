# SPDX-License-Identifier: MIT
"""The hash of a password is one that the settings and the page take."""

from __future__ import annotations

import subprocess
import sys

import pytest
from werkzeug.security import check_password_hash

from appliance.settings.password_hash import hashed_password
from appliance.settings.sections.web import PASSWORD_HASH


@pytest.mark.slow
def test_hash_is_of_this_password_and_salted() -> None:
    first, second = (hashed_password("correct horse") for _ in range(2))
    assert check_password_hash(first, "correct horse")
    assert not check_password_hash(first, "correct horsf")
    assert first != second
    assert first.startswith("scrypt:32768:8:1$"), "32 MB and a while for each guess"


def test_hash_is_one_that_the_settings_take() -> None:
    assert PASSWORD_HASH.fullmatch(hashed_password("correct horse"))


@pytest.mark.slow
def test_settings_are_applied_without_the_page() -> None:
    code = "import sys, appliance.settings.apply; print(*sys.modules)"
    argv = [sys.executable, "-c", code]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("appliance.web", "werkzeug"))]
