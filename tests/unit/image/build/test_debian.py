# SPDX-License-Identifier: MIT
"""The keyring that Debian's packages are checked with."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build.debian import debian_keyring


@pytest.mark.parametrize("suffix", ["gpg", "pgp"])
def test_debian_keyring_is_found_under_either_name(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"debian-archive-keyring.{suffix}").touch()
    (tmp_path / "another.gpg").touch()
    assert debian_keyring(tmp_path) == tmp_path / f"debian-archive-keyring.{suffix}"


def test_debian_keyring_missing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="build.sh setup"):
        debian_keyring(tmp_path)
