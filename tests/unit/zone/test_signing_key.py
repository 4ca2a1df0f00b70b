# SPDX-License-Identifier: MIT
"""The key of those who take the zone."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from appliance.zone import signing_key


def test_it_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    assert signing_key.read(tmp_path) == ""
    key = signing_key.kept(tmp_path)
    assert len(base64.b64decode(key)) == signing_key.BYTES
    assert signing_key.kept(tmp_path) == signing_key.read(tmp_path) == key
    other = tmp_path / "other"
    other.mkdir()
    assert signing_key.kept(other) != key
    assert (tmp_path / signing_key.NAME).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("damaged", [b"", b"short\n", b"\xff" * 44, b'";\n  - id: x\n' * 3])
def test_a_damaged_one_is_made_anew(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / signing_key.NAME).write_bytes(damaged)
    assert signing_key.read(tmp_path) == ""
    assert signing_key.kept(tmp_path) == signing_key.read(tmp_path) != ""
