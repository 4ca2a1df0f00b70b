# SPDX-License-Identifier: MIT
"""Capture files: pcap and pcapng, compressed or not, from a file or a pipe, record by record."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal

from appliance.errors import DecodeError, InputError
from appliance.formats import compression, pcap, pcapng
from appliance.formats.bytestream import ByteStream, CutOff
from appliance.formats.pcap import PcapReader, Record
from appliance.formats.pcapng import PcapngReader
from appliance.service import Stop
from appliance.tools.libpcap import LibpcapReader

STDIN: Literal["-"] = "-"

_PIECE = 1 << 18
# How soon a stop is seen while a pipe is silent.
_WAIT_MS = 250
_NO_CAPTURE = "not a capture file (pcap or pcapng)"


Reader = PcapReader | PcapngReader | LibpcapReader


class Capture:
    """An open capture: its link types and, once, its records."""

    def __init__(self, reader: Reader, source: _Source) -> None:
        self._reader = reader
        self._source = source
        self.name = source.name
        self._count = 0

    def link_types(self) -> Iterator[int]:
        """Yield the link types that are told before the first record. Raises InputError."""
        with self._explained():
            yield from self._reader.link_types()

    def __iter__(self) -> Iterator[Record]:
        """Yield the records in file order, however odd their times.

        Raises InputError, after all whole records, where the file is cut off or damaged.
        """
        with self._explained():
            for record in self._reader:
                self._count += 1
                yield record

    def close(self) -> None:
        """Give the file back."""
        self._source.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except CutOff as error:
            raise InputError(f"{self.name}: cut off after {self._count} packets") from error
        except DecodeError as error:
            place = f"unreadable after {self._count} packets"
            raise InputError(f"{self.name}: {place}: {error}") from error

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Source:
    """The bytes of a file or a pipe; a stop ends the wait for a pipe."""

    def __init__(self, path: Path | Literal["-"], stop: Stop | None) -> None:
        self.name = "stdin" if path == STDIN else str(path)
        self._stop = stop
        try:
            self._descriptor = _open_stdin() if path == STDIN else _open(path)
        except OSError as error:
            raise InputError(f"{self.name}: {error.strerror}") from error
        self._readable = select.poll()
        self._readable.register(self._descriptor, select.POLLIN)

    def more(self) -> bytes:
        """Return the next piece, nothing at the end. Raises InputError."""
        while not self._stop:
            # Asked first: a pipe may be non-blocking, and is not to be waited for after a stop.
            if not self._readable.poll(_WAIT_MS):
                continue
            try:
                return os.read(self._descriptor, _PIECE)
            except BlockingIOError:
                continue
            except OSError as error:
                raise InputError(f"{self.name}: {error.strerror}") from error
        raise InputError(f"{self.name}: stopped")

    @property
    def regular(self) -> int | None:
        """The descriptor of a regular file that can be opened anew; None for all else."""
        is_file = self.name != "stdin" and stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        return self._descriptor if is_file else None

    def close(self) -> None:
        os.close(self._descriptor)


def open_capture(path: Path | Literal["-"], stop: Stop | None = None) -> Capture:
    """Open a capture file, a named pipe, or stdin for "-".

    Waits for a pipe to deliver the file header, and pcapng's first interface, until `stop`.
    Raises InputError for what is missing, unreadable, a directory, empty or no capture.
    """
    source = _Source(path, stop)
    try:
        return Capture(_quicker(_reader(ByteStream(source.more)), source), source)
    except CutOff as error:
        source.close()
        text = "cut off in the file header, or not a capture file"
        raise InputError(f"{source.name}: {text}") from error
    except DecodeError as error:
        source.close()
        raise InputError(f"{source.name}: {error}") from error
    except BaseException:
        source.close()
        raise


def _quicker(reader: Reader, source: _Source) -> Reader:
    """Return libpcap in the place of our own reader, where it can read the same."""
    if isinstance(reader, PcapReader) and not reader.is_unpacked and source.regular is not None:
        return LibpcapReader(source.regular, reader.link_type)
    return reader


def _open(path: Path) -> int:
    # A named pipe is opened at once, and what waits for its writer can be stopped.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"{path}: is a directory, not a capture file")
    return descriptor


def _open_stdin() -> int:
    # Closed, its number may have gone to something else by now.
    if sys.__stdin__ is None:
        raise InputError("stdin: is closed")
    return os.dup(0)


def _reader(stream: ByteStream) -> Reader:
    """Choose by the first bytes. Raises DecodeError for what is no capture."""
    if reader := _plain_reader(stream):
        return reader
    if unpacked := compression.decompressed(stream):
        if reader := _plain_reader(unpacked, is_unpacked=True):
            return reader
        stream = unpacked
    if kind := compression.packed(stream.peek(compression.HEAD)):
        raise DecodeError(f"{kind.name}, not a capture file: {kind.remedy}")
    head = stream.peek(4)
    if not head:
        raise DecodeError("empty, not a capture file")
    if len(head) < 4:
        raise CutOff("cut off")
    raise DecodeError(_NO_CAPTURE)


def _plain_reader(stream: ByteStream, is_unpacked: bool = False) -> Reader | None:
    head = stream.peek(4)
    if head in pcap.MAGICS:
        return PcapReader(stream, is_unpacked)
    return PcapngReader(stream) if head == pcapng.MAGIC else None
