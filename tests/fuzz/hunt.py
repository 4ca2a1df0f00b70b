# SPDX-License-Identifier: MIT
"""The hunt itself, a process of its own: libFuzzer ends the process when it is done.

`python -m tests.fuzz.hunt CORPUS SECONDS`. What breaks a promise is written to CORPUS as crash-…
or timeout-…, and the input that took longest of each subject as slow-SUBJECT beside CORPUS.
"""

from __future__ import annotations

import importlib
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from tests.fuzz.promises import Promises

LONGEST_INPUT = 8192
# Of CPU time, which no other load changes; of the clock, for what does not come back at all.
SECONDS_AT_MOST, SECONDS_OF_CLOCK, MEMORY_MB = 10, 900, 1024


class Stopwatch:
    """Tries inputs and keeps the slowest of each subject, by CPU time."""

    def __init__(self, promises: Promises, folder: Path) -> None:
        self._check = promises.check
        self._names = tuple(promises.subjects)
        self._folder = folder
        self._slowest = dict.fromkeys(self._names, 0)

    def check(self, content: bytes) -> None:
        """Try one input."""
        began = time.thread_time_ns()
        signal.setitimer(signal.ITIMER_PROF, SECONDS_AT_MOST)
        self._check(content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        used = time.thread_time_ns() - began
        name = self._names[content[0] % len(self._names)] if content else ""
        if name and used > self._slowest[name]:
            # Not what the machine was late with: a second try must take as long.
            began = time.thread_time_ns()
            self._check(content)
            used = min(used, time.thread_time_ns() - began)
            if used > self._slowest[name]:
                self._slowest[name] = used
                (self._folder / f"slow-{name}").write_bytes(content)


class TookTooLong(BaseException):
    """An input took more CPU time than any may; no Exception, which the decoders might catch."""


def _too_long(number: int, frame: FrameType | None) -> NoReturn:
    raise TookTooLong


def main(corpus: str, seconds: str) -> None:
    """Hunt; the process ends within."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["appliance"]):
        promises = Promises()
    signal.signal(signal.SIGPROF, _too_long)
    watch = Stopwatch(promises, Path(corpus).parent)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={corpus}/", "-print_final_stats=1"]
    options += [f"-max_len={LONGEST_INPUT}", f"-timeout={SECONDS_OF_CLOCK}"]
    options += [f"-rss_limit_mb={MEMORY_MB}", "-report_slow_units=1000"]
    atheris.Setup([sys.argv[0], *options, corpus], watch.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
