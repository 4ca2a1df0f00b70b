# SPDX-License-Identifier: MIT
"""The files of flows on DATA: numbered, each with what it holds and its checksum in its name.

A name is `FIRST-LAST_BEGIN_END_ROWS_CRC.parquet`. Files of a quarter of an hour get numbers one by
one; one that was joined of several has the first and the last number of these, so whatever lies
within its numbers has become superfluous, also after a power cut between writing and deleting.
BEGIN and END are seconds since the epoch, CRC is CRC-32 of the content: Parquet has no checksum.
"""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import files

FOLDER = Path(os.environ.get("GLOVEBOX_FLOWSTORE_DIRECTORY", "/var/lib/glovebox/flowstore"))
DAY_S = 86_400
# What is joined into one file at most: it is held in memory meanwhile.
MOST_JOINED = 24 << 20
MOST_ASIDE = 3
_NAME = re.compile(
    r"(\d{8})-(\d{8})_(\d{1,12})_(\d{1,12})_(\d{1,10})_([0-9a-f]{8})\.parquet", re.ASCII
)
_ASIDE = ".damaged"
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, as its name describes it, and what it takes of the card in bytes."""

    path: Path
    first: int
    last: int
    begin: int
    end: int
    rows: int
    crc: int
    size: int

    @property
    def day(self) -> int:
        """The day (UTC) in which its newest flow ended, in days since the epoch."""
        return self.end // DAY_S


def name(numbers: tuple[int, int], span: tuple[int, int], rows: int, content: bytes) -> str:
    """Return what a file is called."""
    first, last = numbers
    begin, end = (max(0, each) for each in span)
    return f"{first:08}-{last:08}_{begin}_{end}_{rows}_{zlib.crc32(content):08x}.parquet"


def listing(folder: Path) -> list[StoredFile]:
    """Return all files by their numbers, those that another replaces as well. Raises OSError."""
    found = []
    with os.scandir(folder) as entries:
        for each in entries:
            match = _NAME.fullmatch(each.name)
            if match and each.is_file(follow_symlinks=False):
                first, last, begin, end, rows = map(int, match.groups()[:5])
                size = -(-each.stat().st_size // _BLOCK) * _BLOCK
                found.append(StoredFile(Path(each.path), first, last, begin, end, rows,
                                        int(match[6], 16), size))  # fmt: skip
    return sorted(found, key=lambda file: (file.first, -file.last))


def in_force(found: Sequence[StoredFile]) -> list[StoredFile]:
    """Return the files without those whose flows stand in a joined one; of a listing."""
    kept: list[StoredFile] = []
    for each in found:
        if not kept or each.last > kept[-1].last:
            kept.append(each)
    return kept


def within(found: Sequence[StoredFile], begin: int, end: int) -> list[StoredFile]:
    """Return the files that may hold flows of a time, in seconds since the epoch."""
    return [each for each in found if each.begin < end and each.end >= begin]


def is_whole(file: StoredFile) -> bool:
    """Tell whether a file is as it was written. Raises OSError where it cannot be read."""
    crc = 0
    with file.path.open("rb") as stream:
        while part := stream.read(1 << 20):
            crc = zlib.crc32(part, crc)
    return crc == file.crc


def set_aside(file: StoredFile) -> None:
    """Take a damaged file out of use; the latest few of them stay. Raises OSError."""
    file.path.rename(file.path.with_name(file.path.name + _ASIDE))
    files.sync(file.path.parent)
    for older in sorted(file.path.parent.glob(f"*{_ASIDE}"))[:-MOST_ASIDE]:
        older.unlink(missing_ok=True)


def write(
    folder: Path, numbers: tuple[int, int], span: tuple[int, int], rows: int, content: bytes
) -> StoredFile:
    """Put a file on the card, whole or not at all. Raises OSError."""
    path = folder / name(numbers, span, rows, content)
    files.write_durable(path, content, 0o640)
    size = -(-len(content) // _BLOCK) * _BLOCK
    return StoredFile(path, *numbers, *span, rows, zlib.crc32(content), size)


def clear(folder: Path) -> None:
    """Remove what a power cut left half written. Raises OSError."""
    for each in folder.glob(f".*{files.SUFFIX}"):
        each.unlink(missing_ok=True)


def next_number(folder: Path) -> int:
    """Return the number of the next file; those set aside keep theirs. Raises OSError."""
    numbers = [int(each[9:17]) for each in os.listdir(folder) if re.match(r"\d{8}-\d{8}_", each)]
    return max(numbers, default=0) + 1


def joinable(found: Sequence[StoredFile], now: float) -> Iterator[list[StoredFile]]:
    """Yield files in force that follow each other and are of one day that is over."""
    group: list[StoredFile] = []
    for each in found:
        if group and not _follows(group, each):
            if len(group) > 1:
                yield group
            group = []
        if each.day < now // DAY_S and each.size <= MOST_JOINED // 2:
            group.append(each)
    if len(group) > 1:
        yield group


def _follows(group: Sequence[StoredFile], each: StoredFile) -> bool:
    size = sum(file.size for file in group) + each.size
    return (each.first == group[-1].last + 1 and each.day == group[0].day
            and size <= MOST_JOINED)  # fmt: skip


def superfluous(
    found: Sequence[StoredFile], budget: int, wanted: int, oldest: float
) -> list[StoredFile]:
    """Return which files must go, the oldest first, so that `wanted` bytes more fit in a budget.

    What ended before `oldest` (seconds since the epoch) goes anyway.
    """
    total = sum(each.size for each in found) + wanted
    gone = []
    for each in found:
        if total <= budget and each.end >= oldest:
            break
        gone.append(each)
        total -= each.size
    return gone


def remove(found: Sequence[StoredFile]) -> None:
    """Delete files. Raises OSError."""
    for each in found:
        with contextlib.suppress(FileNotFoundError):
            each.path.unlink()
    if found:
        files.sync(found[0].path.parent)
