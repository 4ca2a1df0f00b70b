"""Capture files: pcap and pcapng, from a file or a pipe, record by record through libpcap.

libpcap reads both byte orders, micro- and nanoseconds (scaled to microseconds here) and pcapng
with one link type; link types are its DLT_ numbers (pcap-linktype(7)).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

import pcapy

from appliance.errors import InputError

STDIN: Literal["-"] = "-"


class Record(NamedTuple):
    """One captured frame; `frame` is shorter than `original_length` where the snaplen cut it."""

    time_us: int
    frame: bytes
    original_length: int


class Capture:
    """An open capture: a link type and, once, its records."""

    def __init__(self, reader: Any, name: str) -> None:
        self._reader = reader
        self.name = name
        self.link_type: int = reader.datalink()

    def __iter__(self) -> Iterator[Record]:
        """Yield the records in file order, however odd their times.

        Raises InputError, after all whole records, where the file is cut off or damaged.
        """
        count = 0
        while True:
            try:
                header, frame = self._reader.next()
            except pcapy.PcapError as error:
                raise InputError(_read_failure(self.name, str(error), count)) from error
            if header is None:
                return
            count += 1
            seconds, microseconds = header.getts()
            yield Record(seconds * 1_000_000 + microseconds, frame, header.getlen())

    def close(self) -> None:
        """Give the file back."""
        self._reader.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_capture(path: Path | Literal["-"]) -> Capture:
    """Open a capture file, a named pipe, or stdin for "-".

    Waits for a pipe to deliver the file header; libpcap's binding lets no other thread run until
    then. Raises InputError for what is missing, unreadable, a directory, empty or no capture.
    """
    name = "stdin" if path == STDIN else str(path)
    try:
        source = os.dup(0) if path == STDIN else os.open(path, os.O_PATH)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from error
    readable = f"/proc/self/fd/{source}"
    try:
        if stat.S_ISDIR(os.fstat(source).st_mode):
            raise InputError(f"{name}: is a directory, not a capture file")
        if path == STDIN and not _opens_anew(source):
            os.set_blocking(source, True)
            readable = STDIN
        return Capture(pcapy.open_offline(readable), name)
    except pcapy.PcapError as error:
        message = str(error).removeprefix(f"{readable}: ")
        raise InputError(f"{name}: {_open_failure(message)}") from error
    finally:
        os.close(source)


def _opens_anew(source: int) -> bool:
    """Tell whether /proc gives us an open file of our own for this one.

    libpcap takes names only, and a pipe opened by its name in /proc is blocking, whatever those
    who share stdin with us do to theirs. A socket and another user's pipe cannot be opened so.
    """
    mode = os.fstat(source).st_mode
    return not stat.S_ISSOCK(mode) and os.access(f"/proc/self/fd/{source}", os.R_OK)


def _open_failure(message: str) -> str:
    if "only got 0" in message:
        return "empty, not a capture file"
    if message.startswith("truncated"):
        return "cut off in the file header, or not a capture file"
    if message == "unknown file format":
        return "not a capture file (pcap or pcapng)"
    return message


def _read_failure(name: str, message: str, count: int) -> str:
    if message.startswith("truncated"):
        return f"{name}: cut off after {count} packets"
    return f"{name}: unreadable after {count} packets: {message}"
