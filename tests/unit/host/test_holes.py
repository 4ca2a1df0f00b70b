# SPDX-License-Identifier: MIT
"""Holes in a file of a tmpfs, as the engine's spool is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.host import holes

PAGE = 4096


@pytest.fixture
def file(memory: Path) -> Iterator[Path]:
    """Return a file of sixteen pages, each filled with its number."""
    made = memory / "file"
    made.write_bytes(b"".join(bytes([number + 1]) * PAGE for number in range(16)))
    yield made


def test_punch_gives_back_the_beginning_and_nothing_else(file: Path) -> None:
    whole = file.read_bytes()
    before = holes.allocated(file)
    holes.punch(file, 5 * PAGE + 100)
    assert before - holes.allocated(file) == 5 * PAGE
    assert file.read_bytes() == bytes(5 * PAGE + 100) + whole[5 * PAGE + 100 :]


def test_a_writer_goes_on_behind_a_hole(file: Path) -> None:
    with file.open("ab") as writer:
        holes.punch(file, 15 * PAGE)
        writer.write(b"more")
    assert file.read_bytes() == bytes(15 * PAGE) + b"\x10" * PAGE + b"more"


def test_first_data_is_behind_the_hole(file: Path) -> None:
    assert holes.first_data(file, 0) == 0
    assert holes.first_data(file, 7) == 7
    holes.punch(file, 3 * PAGE)
    assert holes.first_data(file, 7) == 3 * PAGE
    assert holes.first_data(file, 4 * PAGE + 1) == 4 * PAGE + 1


def test_first_data_of_a_hole_throughout_is_the_end(file: Path) -> None:
    holes.punch(file, 16 * PAGE)
    assert holes.first_data(file, 0) == 16 * PAGE
    assert holes.first_data(file, 16 * PAGE) == 16 * PAGE


def test_punch_of_no_file(memory: Path) -> None:
    with pytest.raises(FileNotFoundError):
        holes.punch(memory / "absent", 1)


def test_punch_says_which_file_it_cannot(file: Path) -> None:
    with pytest.raises(OSError, match="file"):
        holes.punch(file, -1)
