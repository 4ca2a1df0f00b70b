# SPDX-License-Identifier: MIT
"""Files of a day on the card: blocks that are appended, compressed, each with a sum of its own.

`DAY.KIND` in the folder is a row of frames: `GBLK`, length and CRC-32 of what follows (u32, little
endian), the block compressed by zlib. What a power cut left half at the end is cut off before the
next one is appended. A block that is not on the card yet lies in memory, in `DAY.KIND.part` below
/run: the size of the file that it belongs after (u64), and its frame. So a reader that takes the
part first, and of the file as much as the part says, has each block once.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from appliance import files

FOLDER = Path(os.environ.get("GLOVEBOX_LOGS_DIRECTORY", "/var/lib/glovebox/logs"))
PARTS = Path(os.environ.get("GLOVEBOX_LOGS_RUNTIME", "/run/glovebox-logs"))
# Diagrams of honeypots, which are made anew after a start.
DIAGRAMS = Path(os.environ.get("GLOVEBOX_GLOW_DIRECTORY", "/run/glovebox-glow"))
PACKETS, VISITS = "packets", "honeypot"
KINDS = (PACKETS, VISITS)
LARGEST_BLOCK = 1 << 20  # bytes, unpacked
_FRAME = struct.Struct("<4sII")
_MARK = b"GBLK"
_OFFSET = struct.Struct("<Q")
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.(packets|honeypot)", re.ASCII)


@dataclass(frozen=True)
class DayFile:
    """The file of one day and kind. Several processes may read it while one writes it."""

    day: date
    kind: str
    folder: Path = FOLDER
    parts: Path = PARTS

    @property
    def path(self) -> Path:
        """The file on the card."""
        return self.folder / f"{self.day.isoformat()}.{self.kind}"

    @property
    def part(self) -> Path:
        """The file in memory."""
        return self.parts / f"{self.day.isoformat()}.{self.kind}.part"

    def append(self, block: bytes, lasting: bool = True) -> int:
        """Append a block; return the bytes written. Raises OSError.

        If it is `lasting`, or the day's first, it is on the disk when this returns.
        """
        return self._append(_framed(block), lasting)

    def _append(self, frame: bytes, lasting: bool = True) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o640)
        with open(descriptor, "r+b", buffering=0) as stream:
            end = _whole(stream.read())
            stream.truncate(end)
            stream.seek(end)
            stream.write(frame)
            if lasting or not end:
                os.fsync(stream.fileno())
        if not end:
            files.sync(self.folder)
        return len(frame)

    def hold(self, block: bytes) -> None:
        """Let readers see a block that is not on the card yet. Raises OSError."""
        offset = _OFFSET.pack(self._size())
        files.write_whole(self.part, offset + _framed(block, level=1), 0o640)

    def release(self) -> None:
        """Forget the block in memory: it is on the card. Raises OSError."""
        self.part.unlink(missing_ok=True)

    def adopt(self) -> int:
        """Append what a service that ended left in memory; return the bytes written. OSError."""
        offset, frame = self._held()
        written = 0
        if frame and offset == self._size() and next(_blocks(frame), None) is not None:
            written = self._append(frame)
        self.release()
        return written

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks, the oldest first; what is damaged is left out."""
        offset, frame = self._held()
        try:
            with self.path.open("rb") as stream:
                data = stream.read(offset if frame else -1)
        except OSError:
            data = b""
        yield from _blocks(data)
        yield from _blocks(frame)

    def version(self) -> str:
        """Return a short text that differs where `blocks` would."""
        return f"{_stamp(self.path)}-{_stamp(self.part)}"

    def _size(self) -> int:
        with contextlib.suppress(OSError):
            return self.path.stat().st_size
        return 0

    def _held(self) -> tuple[int, bytes]:
        with contextlib.suppress(OSError):
            data = self.part.read_bytes()
            if len(data) > _OFFSET.size:
                return int(_OFFSET.unpack_from(data)[0]), data[_OFFSET.size :]
        return 0, b""


def days(folder: Path = FOLDER, parts: Path = PARTS) -> list[date]:
    """Return the days of which there is anything, the newest first."""
    found = set()
    for place in (folder, parts):
        with contextlib.suppress(OSError):
            found |= {
                day for name in os.listdir(place) if (day := _day(name.removesuffix(".part")))
            }
    return sorted(found, reverse=True)


def size(folder: Path = FOLDER, day: date | None = None) -> int:
    """Return the bytes that all days have on the card, or one of them."""
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _day(entry.name)
            if found and day in (None, found):
                total += entry.stat(follow_symlinks=False).st_size
    return total


def delete(day: date, folder: Path = FOLDER, parts: Path = PARTS) -> None:
    """Delete all of a day. Raises OSError."""
    for kind in KINDS:
        file = DayFile(day, kind, folder, parts)
        file.release()
        files.remove(file.path)


def _day(name: str) -> date | None:
    found = _NAME.fullmatch(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "0"
    return f"{status.st_size:x}.{status.st_mtime_ns:x}"


def _framed(block: bytes, level: int = 4) -> bytes:
    data = zlib.compress(block, level)
    return _FRAME.pack(_MARK, len(data), zlib.crc32(data)) + data


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where each whole frame ends, and what it holds; what lies between is left out."""
    place = data.find(_MARK)
    while 0 <= place <= len(data) - _FRAME.size:
        _, length, crc = _FRAME.unpack_from(data, place)
        begin = place + _FRAME.size
        content = data[begin : begin + length]
        if len(content) == length and zlib.crc32(content) == crc:
            place = begin + length
            yield place, content
        else:
            place += 1
        place = data.find(_MARK, place)


def _whole(data: bytes) -> int:
    """Return where the last frame ends that is whole."""
    return max((end for end, _ in _frames(data)), default=0)


def _blocks(data: bytes) -> Iterator[bytes]:
    for _, content in _frames(data):
        unpacker = zlib.decompressobj()
        try:
            block = unpacker.decompress(content, LARGEST_BLOCK)
        except zlib.error:
            continue
        if block and not unpacker.unconsumed_tail:
            yield block
