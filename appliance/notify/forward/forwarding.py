# SPDX-License-Identifier: MIT
"""The queues of all collectors at work, each in a thread of its own: one that hangs delays none."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.alerts.store import AlertReader
from appliance.notify.forward.forward_queue import ForwardQueue, Hand
from appliance.reports.notify import ForwardStanding
from appliance.store.database import StoreError

STORE_RETRY_S = 2.0

log = logging.getLogger(__name__)


class Forwarding:
    """Has a queue at work for each collector that there is."""

    def __init__(self, hand: Hand, make: Callable[[str], ForwardQueue]) -> None:
        """Take what hands a batch over, blocking, and what makes a queue of a name."""
        self._hand, self._make = hand, make
        self._running: dict[str, tuple[ForwardQueue, threading.Event, threading.Thread]] = {}

    def agree(self, names: Iterable[str]) -> None:
        """Begin with collectors that are new, and end with those that are gone."""
        wanted = set(names)
        for name in self._running.keys() - wanted:
            self._end(name)
        for name in wanted - self._running.keys():
            queue, stop = self._make(name), threading.Event()
            thread = threading.Thread(target=self._work, args=(queue, stop), daemon=True)
            self._running[name] = queue, stop, thread
            thread.start()

    @property
    def standing(self) -> tuple[ForwardStanding, ...]:
        """How each queue stands."""
        return tuple(queue.standing for queue, *_ in self._running.values())

    def close(self) -> None:
        """End all; what is under way is waited for a moment, and would come again."""
        for _, stop, _ in self._running.values():
            stop.set()
        for name in list(self._running):
            self._end(name)

    def _end(self, name: str) -> None:
        queue, stop, thread = self._running.pop(name)
        stop.set()
        thread.join(STORE_RETRY_S)
        queue.close()

    def _work(self, queue: ForwardQueue, stop: threading.Event) -> None:
        pause = 0.0
        while not stop.wait(pause):
            try:
                pause = queue.step(self._hand, time.time())
            except StoreError as error:
                queue.trouble, pause = str(error), STORE_RETRY_S


def queues(sensor: str, database: Path, patience_s: float, folder: Path
           ) -> Callable[[str], ForwardQueue]:  # fmt: skip
    """Return a maker of queues."""
    return lambda name: ForwardQueue(name, sensor, AlertReader(database, patience_s), folder)


def forget_others(names: Iterable[str], folder: Path) -> None:
    """Remove what is kept of collectors that are gone: a new one of that name begins anew."""
    kept = {f"forward-{name}.json" for name in names}
    for file in folder.glob("forward-*.json"):
        if file.name not in kept:
            with contextlib.suppress(OSError):
                file.unlink()
