# SPDX-License-Identifier: MIT
"""Files on the card: whole or set aside, joined once, within a budget."""

from __future__ import annotations

import os
import random
import zlib
from pathlib import Path

from appliance.flowstore import stored_files
from appliance.flowstore.stored_files import DAY_S, MOST_ASIDE, StoredFile, in_force, joinable

DAY = 20_787


def file(first: int, last: int | None = None, day: float = DAY, size: int = 4096) -> StoredFile:
    end = int(day * DAY_S)
    return StoredFile(Path(f"{first}"), first, last or first, end - 900, end, 10, 0, size)


def test_a_file_tells_what_it_holds(tmp_path: Path) -> None:
    made = stored_files.write(tmp_path, (7, 7), (100, 200), 42, b"flows")
    assert stored_files.listing(tmp_path) == [made]
    assert made.path.name == f"00000007-00000007_100_200_42_{zlib.crc32(b'flows'):08x}.parquet"
    assert (made.rows, made.begin, made.end, made.size) == (42, 100, 200, 4096)
    assert stored_files.is_whole(made) and oct(made.path.stat().st_mode)[-3:] == "640"
    assert stored_files.next_number(tmp_path) == 8


def test_other_names_are_no_files_of_ours(tmp_path: Path) -> None:
    for name in ("x.parquet", "00000001-00000001_1_2_3_zzzzzzzz.parquet", ".new"):
        (tmp_path / name).touch()
    (tmp_path / "00000001-00000001_1_2_3_00000000.parquet").symlink_to("/etc/passwd")
    assert stored_files.listing(tmp_path) == []


def test_what_is_set_aside_keeps_its_number_and_does_not_pile_up(tmp_path: Path) -> None:
    for number in range(1, MOST_ASIDE + 3):
        stored_files.write(tmp_path, (number, number), (1, 2), 1, b"x")
        (found,) = stored_files.listing(tmp_path)
        stored_files.set_aside(found)
    assert len(list(tmp_path.iterdir())) == MOST_ASIDE
    assert stored_files.next_number(tmp_path) == MOST_ASIDE + 3


def test_a_joined_file_is_in_force_and_its_parts_are_not() -> None:
    found = [file(1, 3), file(1), file(2), file(3), file(4)]
    assert in_force(found) == [file(1, 3), file(4)]


def test_days_that_are_over_are_joined() -> None:
    now = (DAY + 1) * DAY_S + 60.0
    parts = [file(1, day=DAY - 0.5), file(2, day=DAY + 0.1), file(3, day=DAY + 0.2),
             file(5, day=DAY + 0.3), file(6, day=DAY + 0.4), file(7, day=DAY + 1.001)]  # fmt: skip
    groups = [[each.first for each in group] for group in joinable(parts, now)]
    assert groups == [[2, 3], [5, 6]]
    # A clock that was never set, or that went back: no day is over.
    assert list(joinable(parts, 0.0)) == []


def test_what_is_joined_fits_into_memory() -> None:
    now = (DAY + 1) * DAY_S
    parts = [file(each, day=DAY + 0.1, size=10 << 20) for each in range(1, 8)]
    groups = list(joinable(parts, now))
    assert [len(group) for group in groups] == [2, 2, 2]
    assert all(sum(each.size for each in group) <= stored_files.MOST_JOINED for group in groups)


def test_the_oldest_make_room() -> None:
    parts = [file(each, day=DAY + each) for each in range(1, 6)]
    gone = stored_files.superfluous(parts, 4 * 4096, 4096, 0.0)
    assert [each.first for each in gone] == [1, 2]
    gone = stored_files.superfluous(parts, 1 << 30, 0, (DAY + 3.5) * DAY_S)
    assert [each.first for each in gone] == [1, 2, 3]
    assert stored_files.superfluous(parts, 1 << 30, 0, -1.0) == []


def test_files_of_a_time() -> None:
    parts = [file(each, day=DAY + each) for each in range(1, 4)]
    begin = int((DAY + 2) * DAY_S)
    assert [each.first for each in stored_files.within(parts, begin - 10, begin)] == [2]
    assert stored_files.within(parts, begin + 1, begin + 10) == []


def test_200_flipped_bits_are_all_found(tmp_path: Path) -> None:
    content = os.urandom(3000)
    chance = random.Random(5)
    made = stored_files.write(tmp_path, (1, 1), (1, 2), 1, content)
    for _ in range(200):
        changed = bytearray(content)
        changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        made.path.write_bytes(changed)
        assert not stored_files.is_whole(made)
    made.path.write_bytes(content)
    assert stored_files.is_whole(made)


def test_cut_off_files_are_found(tmp_path: Path) -> None:
    made = stored_files.write(tmp_path, (1, 1), (1, 2), 1, os.urandom(300))
    content = made.path.read_bytes()
    for length in range(len(content)):
        made.path.write_bytes(content[:length])
        assert not stored_files.is_whole(made), length
