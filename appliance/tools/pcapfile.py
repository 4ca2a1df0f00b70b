# SPDX-License-Identifier: MIT
"""Classic pcap files, written to a file, a named pipe or stdout.

Little-endian, microseconds, version 2.4: what every reader of captures takes, Snort 2.9 included.
Source: draft-ietf-opsawg-pcap, "PCAP Capture File Format".
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from pathlib import Path
from typing import Protocol

from appliance.errors import DiskFullError, GloveboxError, InputError

ETHERNET = 1
STDOUT = "-"
SNAPLEN = 262144
FILE_HEADER = struct.Struct("<IHHiIII")
RECORD_HEADER = struct.Struct("<IIII")
_MAGIC, _VERSION = 0xA1B2C3D4, (2, 4)
_LARGEST_U32 = 0xFFFFFFFF
_BUFFER = 1 << 16


class CaptureWriter(Protocol):
    """Where frames go: one file, or one after the other.

    `pipe` is the descriptor by which poll(2) tells that nobody reads any more, if there is one.
    """

    pipe: int | None

    def set_link_type(self, link_type: int) -> None:
        """Say what all frames are, before the first; Ethernet unless said (LINKTYPE_ number)."""

    def write(self, time_us: int, frame: bytes | memoryview, original_length: int) -> None:
        """Add a frame, copied. Raises DiskFullError, BrokenPipeError, InputError."""

    def flush(self) -> None:
        """Hand over what is held back."""

    def tick(self, now_us: int) -> None:
        """Do what is due by this time."""

    def close(self) -> None:
        """Complete what was written."""


class PcapFile:
    """One capture file, complete whenever it was flushed; also without any frame."""

    def __init__(self, descriptor: int, name: str, flush_each: bool = False) -> None:
        """Take over an open file descriptor; `flush_each` holds no frame back."""
        self.name = name
        #: Bytes of whole records and the file header so far, written or held back.
        self.size = 0
        self.pipe = descriptor if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else None
        self._descriptor = descriptor
        self._flush_each = flush_each
        self._link_type = ETHERNET
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._broken = False

    def set_link_type(self, link_type: int) -> None:
        self._link_type = link_type

    def write(self, time_us: int, frame: bytes | memoryview, original_length: int) -> None:
        if not self.size:
            self._hold(self._file_header())
        seconds, microseconds = divmod(max(0, time_us), 1_000_000)
        length = len(frame)
        original = min(max(length, original_length), _LARGEST_U32)
        header = RECORD_HEADER.pack(min(seconds, _LARGEST_U32), microseconds, length, original)
        self._hold(b"".join((header, frame)))
        if self._flush_each or self._held_bytes >= _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Write what is held back; a disk that fills up keeps the whole records before it."""
        content = b"".join(self._held)
        self._held, self._held_bytes = [], 0
        try:
            _write_all(self._descriptor, content)
        except OSError as error:
            self._broken = True
            self._cut_to(self.size - len(content))
            raise _explained(error, self.name) from error

    def tick(self, now_us: int) -> None:
        pass

    def close(self) -> None:
        try:
            if not self._broken:
                if not self.size:
                    self._hold(self._file_header())
                self.flush()
        finally:
            os.close(self._descriptor)

    def _file_header(self) -> bytes:
        return FILE_HEADER.pack(_MAGIC, *_VERSION, 0, 0, SNAPLEN, self._link_type)

    def _hold(self, content: bytes) -> None:
        self._held.append(content)
        self._held_bytes += len(content)
        self.size += len(content)

    def _cut_to(self, size: int) -> None:
        self.size = size
        if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.ftruncate(self._descriptor, size)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def open_output(name: str, flush_each: bool = False) -> PcapFile:
    """Open a file, a named pipe or, for "-", stdout.

    Raises InputError where it cannot be written, and for a terminal.
    """
    if name == STDOUT:
        if sys.__stdout__ is None:
            raise InputError("stdout is closed: pipe it into a reader, or name a file with -w")
        descriptor = os.dup(sys.stdout.fileno())
        if os.isatty(descriptor):
            os.close(descriptor)
            raise InputError("stdout is a terminal: pipe it into a reader, or name a file with -w")
        # A reader that left its end non-blocking must not make us lose bytes.
        os.set_blocking(descriptor, True)
        return PcapFile(descriptor, "stdout", flush_each)
    return _open(name, os.O_TRUNC, flush_each)


def open_new(name: str, flush_each: bool = False) -> PcapFile | None:
    """Make a file; return None where something has its name. Raises as open_output() does."""
    try:
        return _open(name, os.O_EXCL, flush_each)
    except FileExistsError:
        return None


def _open(name: str, flag: int, flush_each: bool) -> PcapFile:
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flag
    try:
        return PcapFile(os.open(name, flags, 0o666), name, flush_each)
    except FileExistsError:
        raise
    except OSError as error:
        raise _explained(error, name) from error


def is_regular(name: str) -> bool:
    """Tell whether `name` is, or would become, a regular file."""
    path = Path(name)
    return name != STDOUT and (path.is_file() or not path.exists())


def _explained(error: OSError, name: str) -> OSError | GloveboxError:
    if error.errno == errno.EPIPE:
        return error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"{name}: {error.strerror}; what was written until then is whole")
    return InputError(f"{name}: {error.strerror}")
