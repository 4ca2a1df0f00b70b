# SPDX-License-Identifier: MIT
"""Capture files one after the other, by time or by size, and a command for each that is whole."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from appliance.tools.pcapfile import (
    ETHERNET,
    FILE_HEADER,
    RECORD_HEADER,
    PcapFile,
    open_new,
    open_output,
)

_STDERR = 2
# The end of 9999: what is later has no name that can be read.
_LAST_SECOND = 253_402_300_799
# More than the minutes of a day.
_MOST_NAMES = 4096


class PostRotate:
    """Runs a command for each whole file, one at a time and in order, at the lowest priority."""

    def __init__(self, command: Sequence[str]) -> None:
        """Take the command's words; the file's name is added as the last one."""
        self._command = tuple(command)
        self._names: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    def add(self, name: str) -> None:
        """Have the command run for file `name` when its turn comes."""
        self._names.put(name)

    def finish(self) -> None:
        """Wait until all is done; nothing can be added any more."""
        self._names.put(None)
        self._worker.join()

    def _work(self) -> None:
        while (name := self._names.get()) is not None:
            self._run(name)

    def _run(self, name: str) -> None:
        # A process group of its own: Ctrl-C ends us, not the compression of the last file.
        # stdout may be for the report; what the command prints goes to stderr.
        words = ("nice", "-n", "19", *self._command, name)
        try:
            child = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=_STDERR, process_group=0, check=False
            )
        except OSError as error:
            self._say(f"cannot be run: {error.strerror}")
        else:
            if child.returncode:
                self._say(_ending(child.returncode))

    def _say(self, ending: str) -> None:
        print(f"glovebox decap: {self._command[0]} {ending}", file=sys.stderr)


def _ending(status: int) -> str:
    if status > 0:
        return f"ended with status {status}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


class RotatingFiles:
    """Starts a new capture file when the present one is old or large enough.

    By time, `template` is given to strftime(3) with the local time of a file's first frame. Where
    a name would be that of the file before, a number goes behind it: by size, the files are NAME,
    NAME.1, NAME.2… A name of this run that comes again later, as with %H, is written anew; a file
    that was there before, or what a command made of it (NAME.gz), never: the next number is taken.
    """

    def __init__(
        self,
        template: str,
        seconds: int | None = None,
        size: int | None = None,
        flush_each: bool = False,
        post_rotate: PostRotate | None = None,
    ) -> None:
        """Take one of the limits: how old in `seconds`, or how large in bytes a file gets."""
        self.pipe: int | None = None
        self._template = template
        self._interval_us = seconds * 1_000_000 if seconds else None
        self._size = size
        self._flush_each = flush_each
        self._post_rotate = post_rotate
        self._link_type = ETHERNET
        self._file: PcapFile | None = None
        self._ends_us = 0
        self._last_name, self._number = "", 0
        # The files of this run, the newest last; only the last ones are remembered.
        self._own: dict[str, None] = {}

    def set_link_type(self, link_type: int) -> None:
        self._link_type = link_type

    def write(self, time_us: int, frame: bytes | memoryview, original_length: int) -> None:
        if self._file is not None and self._is_over(self._file, time_us, len(frame)):
            self._complete()
        if self._file is None:
            self._file = self._open(time_us)
        self._file.write(time_us, frame, original_length)

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def tick(self, now_us: int) -> None:
        if self._file is not None and self._interval_us and now_us >= self._ends_us:
            self._complete()

    def close(self) -> None:
        if self._file is not None:
            self._complete()
        if self._post_rotate is not None:
            self._post_rotate.finish()

    def _is_over(self, file: PcapFile, time_us: int, length: int) -> bool:
        if self._interval_us:
            return time_us >= self._ends_us
        full = file.size + RECORD_HEADER.size + length > (self._size or 0)
        return full and file.size > FILE_HEADER.size

    def _open(self, time_us: int) -> PcapFile:
        name = self._template
        if self._interval_us:
            self._ends_us = time_us + self._interval_us
            seconds = min(max(0, time_us // 1_000_000), _LAST_SECOND)
            name = time.strftime(name, time.localtime(seconds))
        self._number = self._number + 1 if name == self._last_name else 0
        self._last_name = name
        while (file := self._open_numbered(name)) is None:
            self._number += 1
        file.set_link_type(self._link_type)
        return file

    def _open_numbered(self, name: str) -> PcapFile | None:
        """Open the file with the present number; return None where there is another's."""
        if self._number:
            name = f"{name}.{self._number}"
        if _has_offspring(name):
            return None
        if name in self._own:
            return open_output(name, self._flush_each)
        file = open_new(name, self._flush_each)
        if file is not None:
            self._own[name] = None
            if len(self._own) > _MOST_NAMES:
                del self._own[next(iter(self._own))]
        return file

    def _complete(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        file.close()
        if self._post_rotate is not None:
            self._post_rotate.add(file.name)


def _has_offspring(name: str) -> bool:
    """Tell whether a command has made NAME.gz or the like of a file; NAME.1 is another file."""
    path = Path(name)
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        return any(
            entry.name.startswith(f"{path.name}.")
            and not entry.name[len(path.name) + 1 :].partition(".")[0].isdigit()
            for entry in entries
        )
    return False
