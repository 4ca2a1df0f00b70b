# SPDX-License-Identifier: MIT
"""What a person sees while stages run: each stage's name and elapsed time, on stderr."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageProgress:
    """Prints stages as they run and remembers how long each one took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.monotonic()

    def kept(self, name: str) -> None:
        """Note a stage that had nothing to do."""
        self.seconds[name] = 0.0

    def say(self, text: str) -> None:
        """Print one line with the time since the start."""
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", file=sys.stderr, flush=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show `name` while the body runs: a running clock on a terminal, two lines elsewhere."""
        began, done = time.monotonic(), threading.Event()
        self.say(f"{name} …")
        ticker = threading.Thread(target=self._tick, args=(name, began, done), daemon=True)
        if sys.stderr.isatty():
            ticker.start()
        try:
            yield
        finally:
            done.set()
            if ticker.is_alive():
                ticker.join()
            self.seconds[name] = round(time.monotonic() - began, 1)
        self.say(f"{name}: {self.seconds[name]:.1f} s")

    @staticmethod
    def _tick(name: str, began: float, done: threading.Event) -> None:
        while not done.wait(1.0):
            sys.stderr.write(f"\r           {name}: {time.monotonic() - began:.0f} s ")
            sys.stderr.flush()
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
