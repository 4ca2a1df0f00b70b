# SPDX-License-Identifier: MIT
"""What was downloaded as a rule set, taken apart: files of rules by their bare names, in memory.

Nothing is written, so no path in an archive leads anywhere; what it unpacks to is bounded while it
is unpacked.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Protocol

from appliance.errors import GloveboxError
from appliance.renewal.set_reading import CLASS_FILE

# More than the largest free rule set has, unpacked.
MOST_BYTES, MOST_MEMBERS = 96 << 20, 2000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PAGES = (b"<!doctype", b"<html", b"<?xml")
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError,
            RuntimeError, NotImplementedError)  # fmt: skip


class SetArchiveError(GloveboxError):
    """It is no rule set; the message says why, as the end of a sentence."""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A stream of which no more than MOST_BYTES are read."""

    def __init__(self, stream: _Readable) -> None:
        self._stream, self._left = stream, MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise SetArchiveError(f"it unpacks to more than {MOST_BYTES >> 20} MB")
        buffer[: len(piece)] = piece
        return len(piece)


def unpack(content: bytes) -> Mapping[str, bytes]:
    """Return the files of rules, and of classes, by name. Raises SetArchiveError.

    Takes tar, tar.gz, zip, and one file of rules, compressed by gzip or not.
    """
    if content[:200].lstrip().lower().startswith(_PAGES):
        raise SetArchiveError("it is a web page")
    try:
        found = dict(_members(content))
    except _DAMAGED as error:
        raise SetArchiveError("it is cut off or damaged") from error
    if not any(name.endswith(".rules") for name in found):
        raise SetArchiveError("there are no files of rules in it")
    return found


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"PK\x03\x04"):
        yield from _of_zip(content)
    elif content.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            unpacked = io.BufferedReader(_Bounded(stream)).read()
        yield from _of_plain(unpacked)
    else:
        yield from _of_plain(content)


def _of_plain(content: bytes) -> Iterator[tuple[str, bytes]]:
    if content[257:262] == b"ustar":
        yield from _of_tar(content)
    elif b"\0" in content[:4096]:
        raise SetArchiveError("it is neither an archive nor rules")
    else:
        yield "all.rules", content


def _of_tar(content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for number, member in enumerate(archive):
            if number == MOST_MEMBERS:
                raise SetArchiveError(f"it holds more than {MOST_MEMBERS} files")
            name = _wanted(member.name)
            # A sparse file could be larger than the archive.
            if name and member.isreg() and not member.issparse():
                stream = archive.extractfile(member)
                yield name, stream.read() if stream else b""
    # The end of a tar is two blocks of zeros; without them it was cut off.
    if not content.rstrip(b"\0") or len(content) - len(content.rstrip(b"\0")) < 1024:
        raise SetArchiveError("it is cut off or damaged")


def _of_zip(content: bytes) -> Iterator[tuple[str, bytes]]:
    left = MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist()[: MOST_MEMBERS + 1]:
            name = _wanted(member.filename)
            if not name or member.is_dir():
                continue
            with archive.open(member) as stream:
                found = stream.read(left + 1)
            left -= len(found)
            if left < 0:
                raise SetArchiveError(f"it unpacks to more than {MOST_BYTES >> 20} MB")
            yield name, found


def _wanted(path: str) -> str:
    """Return the bare name of what is to be read; empty for all else."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    good = _NAME.fullmatch(name) and (name.endswith(".rules") or name == CLASS_FILE)
    return name if good and name != "deleted.rules" else ""
