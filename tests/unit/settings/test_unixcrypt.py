# SPDX-License-Identifier: MIT
"""Hashes by crypt(5), as Imager writes them, open the page."""

from __future__ import annotations

import pytest

from appliance.settings.unixcrypt import _crypt, matches

# Made with `openssl passwd -6`, with libxcrypt (yescrypt), and with `openssl passwd -5`.
KNOWN = [
    "$6$abcdefgh$T2WXtwktTC2b5B5eLgYoBNSaruzkNaEhxCMZO6BjUUifAydP30r5J1X72mBVJN1tky9srX4MgNXnjeofwkiU51",
    "$y$j9T$abcdefgh$a9DbzI/tbCTKj2KsNcScJBL6SeeQdLzKMKgZTDdO36/",
    "$5$I7MJvu4qmd$4GrF1Lzm8FvEGu9jl9SXn7f.F6WgUFhON969KQSS6l.",
]


@pytest.mark.parametrize("hashed", KNOWN)
def test_matches_the_password_and_no_other(hashed: str) -> None:
    assert matches(hashed, "secret pass")
    assert not matches(hashed, "secret Pass")
    assert not matches(hashed, "secret pass\0")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_matches_what_imager_hashed_with_the_end_of_a_line(end: str) -> None:
    """Before 2.0.11, a password that was pasted with its line end."""
    hashed = _crypt()(f"secret pass{end}".encode(), b"$5$abcdefgh").decode()
    assert matches(hashed, "secret pass")
    assert not matches(hashed, "secret Pass")


@pytest.mark.parametrize("hashed", ["$99$abc$def", "*", "$5"])
def test_matches_refuses_what_is_no_hash(hashed: str) -> None:
    with pytest.raises(ValueError):
        matches(hashed, "secret pass")
