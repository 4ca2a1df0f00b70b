# SPDX-License-Identifier: MIT
"""The zone on the card: when it is written, and its serial."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from appliance.zone.zone_file import (
    MOST_SERIAL,
    ZoneTooLargeError,
    ZoneVersion,
    next_serial,
    read_version,
    renew,
)
from tests.unit.intel.sample_lists import take

NOW, MANY = 1_795_777_200.0, 1000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rpz.zone"


def made(
    file: Path, now: float = NOW, allow: tuple[str, ...] = (), most: int = MANY
) -> ZoneVersion:
    return renew(file, file.parent / "kept", allow, most, now)


def soa(file: Path) -> int:
    found = re.search(r"SOA \S+ \S+ (\d+)", file.read_text())
    assert found
    return int(found[1])


def test_it_is_written_when_the_lists_change_and_else_not(file: Path) -> None:
    take(file.parent, a_txt="bad.example\n198.51.100.7\n")
    first = made(file)
    assert (first.serial, first.records) == (int(NOW), 4 + 3)  # Two lines, SOA, NS; three entries.
    assert read_version(file) == first and soa(file) == first.serial
    before = file.stat().st_ino
    assert made(file, NOW + 9) == first and file.stat().st_ino == before
    take(file.parent, a_txt="bad.example\nworse.example\n")
    second = made(file, NOW + 10)
    assert second.serial == int(NOW) + 10 and second.digest != first.digest
    third = made(file, NOW + 11, allow=("bad.example",))
    assert third.serial > second.serial and "bad.example CNAME rpz-pass" in file.read_text()


def test_the_serial_grows_whatever_the_clock_says(file: Path) -> None:
    take(file.parent, a_txt="bad.example\n")
    made(file)
    take(file.parent, a_txt="worse.example\n")
    assert made(file, now=0.0).serial == soa(file) == int(NOW) + 1
    assert next_serial(0, 5.9) == 5 and next_serial(0, 1e11) == MOST_SERIAL


def test_without_lists_it_is_a_zone_without_entries(file: Path) -> None:
    (file.parent / "kept").mkdir()
    assert made(file).records == 4


def test_what_is_too_large_leaves_the_one_of_before(file: Path) -> None:
    take(file.parent, a_txt="bad.example\n")
    first = made(file)
    take(file.parent, a_txt="bad.example\nworse.example\n")
    with pytest.raises(ZoneTooLargeError, match="more than 7 records"):
        made(file, most=7)
    assert read_version(file) == first and sorted(file.parent.glob(".*")) == []
    assert made(file, most=8).records == 8


@pytest.mark.parametrize("size", [0, 1, 40, -1])
def test_half_a_zone_is_none_and_is_written_anew(file: Path, size: int) -> None:
    take(file.parent, a_txt="bad.example\n")
    made(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:size])
    assert read_version(file) is None
    assert made(file).records == 6


def test_a_card_that_is_full_leaves_the_one_of_before(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(file.parent, a_txt="bad.example\n")
    first = made(file)
    take(file.parent, a_txt="worse.example\n")

    def full(*anything: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        made(file)
    assert read_version(file) == first
