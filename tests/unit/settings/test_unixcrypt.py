"""Hashes by crypt(5), as Imager writes them, open the page."""

from __future__ import annotations

import pytest

from appliance.settings.unixcrypt import matches

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


@pytest.mark.parametrize("hashed", ["$99$abc$def", "*", "$5"])
def test_matches_refuses_what_is_no_hash(hashed: str) -> None:
    with pytest.raises(ValueError):
        matches(hashed, "secret pass")
