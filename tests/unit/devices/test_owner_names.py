# SPDX-License-Identifier: MIT
"""What the owner calls his devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.devices import owner_names
from appliance.devices.owner_names import OwnerName, OwnerNameError

STATION = "00:00:0c:12:34:56"


def test_a_name_is_kept_changed_and_each_change_undone(tmp_path: Path) -> None:
    owner_names.rename(tmp_path, STATION, "  Anna's\n phone ")
    assert owner_names.read(tmp_path) == {STATION: OwnerName("Anna's phone")}
    owner_names.rename(tmp_path, STATION, "phone")
    owner_names.undo(tmp_path, STATION)
    assert owner_names.read(tmp_path)[STATION] == OwnerName("Anna's phone", "phone")
    owner_names.undo(tmp_path, STATION)
    assert owner_names.read(tmp_path)[STATION].name == "phone"


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OwnerNameError, match="64 letters: at most 63"):
        owner_names.rename(tmp_path, STATION, "x" * 64)


def test_there_is_a_most_and_empty_names_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_names, "MOST", 2)
    for key in ("a", "b"):
        owner_names.rename(tmp_path, key, key)
    with pytest.raises(OwnerNameError, match="2 devices"):
        owner_names.rename(tmp_path, "c", "c")
    owner_names.rename(tmp_path, "a", "")
    owner_names.rename(tmp_path, "c", "c")
    assert owner_names.read(tmp_path).keys() == {"b", "c"}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"names": {"a": 1}}', b"x" * (2 << 20)])
def test_a_damaged_file_is_never_written_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / owner_names.NAME).write_bytes(content)
    with pytest.raises(OwnerNameError, match="cannot be read"):
        owner_names.rename(tmp_path, STATION, "phone")
    assert (tmp_path / owner_names.NAME).read_bytes() == content


def test_without_the_folder_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(OwnerNameError, match="cannot be kept"):
        owner_names.rename(tmp_path / "none", STATION, "phone")
