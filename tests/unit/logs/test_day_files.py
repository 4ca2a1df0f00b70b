# SPDX-License-Identifier: MIT
"""Day files: appended, damaged, cut off, taken over, read while they grow."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.logs import day_files
from appliance.logs.day_files import PACKETS, VISITS, DayFile

DAY = date(2026, 11, 27)
BLOCKS = [b"first" * 50, b"second" * 50, b"third" * 50]


@pytest.fixture
def file(tmp_path: Path) -> DayFile:
    return DayFile(DAY, PACKETS, tmp_path, tmp_path)


def test_blocks_come_back_in_order(file: DayFile) -> None:
    written = sum(map(file.append, BLOCKS))
    assert list(file.blocks()) == BLOCKS
    assert file.path.stat().st_size == written < 750
    assert file.path.stat().st_mode & 0o777 == 0o640


def test_what_is_in_memory_is_seen_once(file: DayFile) -> None:
    file.append(BLOCKS[0])
    file.hold(BLOCKS[1])
    assert list(file.blocks()) == BLOCKS[:2]
    # Between the two steps of saving a block, it is in both places.
    file.append(BLOCKS[1])
    assert list(file.blocks()) == BLOCKS[:2]
    file.release()
    assert list(file.blocks()) == BLOCKS[:2]


def test_what_a_service_left_in_memory_is_taken_over_once(file: DayFile) -> None:
    file.append(BLOCKS[0])
    file.hold(BLOCKS[1])
    assert file.adopt() > 0
    assert list(file.blocks()) == BLOCKS[:2] and not file.part.exists()
    file.hold(BLOCKS[2])
    file.append(BLOCKS[2])
    assert file.adopt() == 0
    assert list(file.blocks()) == BLOCKS
    file.part.write_bytes(b"\0" * 8 + b"rubbish")
    assert file.adopt() == 0


@pytest.mark.parametrize("left", range(1, 60))
def test_what_a_power_cut_left_half_is_cut_off(file: DayFile, left: int) -> None:
    first = file.append(BLOCKS[0])
    file.append(BLOCKS[1])
    with file.path.open("r+b") as stream:
        stream.truncate(first + min(left, file.path.stat().st_size - first - 1))
    assert list(file.blocks()) == BLOCKS[:1]
    file.append(BLOCKS[2])
    assert list(file.blocks()) == [BLOCKS[0], BLOCKS[2]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 80), value=st.integers(1, 255))
def test_damage_costs_one_block(file: DayFile, place: int, value: int) -> None:
    file.path.unlink(missing_ok=True)
    sizes = [file.append(block) for block in BLOCKS]
    data = bytearray(file.path.read_bytes())
    data[place % len(data)] ^= value
    file.path.write_bytes(data)
    found = list(file.blocks())
    assert len(found) >= 2 and set(found) < set(BLOCKS)
    file.append(b"fourth")
    assert list(file.blocks()) == [*found, b"fourth"]
    assert len(sizes) == 3


def test_a_block_that_unpacks_to_very_much_is_left_out(file: DayFile) -> None:
    file.append(b"\0" * (day_files.LARGEST_BLOCK + 1))
    file.append(BLOCKS[0])
    assert list(file.blocks()) == BLOCKS[:1]


def test_days_and_sizes(tmp_path: Path) -> None:
    folder, parts = tmp_path / "a", tmp_path / "b"
    folder.mkdir()
    parts.mkdir()
    other = date(2026, 11, 28)
    size = DayFile(DAY, PACKETS, folder, parts).append(BLOCKS[0])
    size += DayFile(DAY, VISITS, folder, parts).append(BLOCKS[1])
    DayFile(other, VISITS, folder, parts).hold(BLOCKS[2])
    for name in ("2026-13-01.packets", "x", ".2026-11-27.packets.1.new"):
        (folder / name).write_text("x")
    assert day_files.days(folder, parts) == [other, DAY]
    assert day_files.size(folder) == day_files.size(folder, DAY) == size
    assert day_files.size(folder, other) == 0
    day_files.delete(DAY, folder, parts)
    day_files.delete(other, folder, parts)
    assert day_files.days(folder, parts) == []


def test_a_version_changes_with_what_is_there(file: DayFile) -> None:
    seen = {file.version()}
    file.hold(BLOCKS[0])
    seen.add(file.version())
    file.append(BLOCKS[0])
    seen.add(file.version())
    assert len(seen) == 3


def test_a_link_is_not_followed(file: DayFile, tmp_path: Path) -> None:
    file.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        file.append(BLOCKS[0])
    assert not (tmp_path / "elsewhere").exists()
