"""What happens per second now, out of counters that only grow."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.web.reports import Report

WINDOW = 5.0  # seconds: long enough to be calm, short enough to be now
CLOCK_STEP = 2.0  # seconds by which wall clock and monotonic clock may disagree


@dataclass(frozen=True)
class Rates:
    """Means over the last seconds, per second; `frames` is None until there is a second report.

    `sources` holds frames by router, `lost` what `Report.lost` counts; zeros are left out.
    """

    frames: float | None = None
    keepalives: float = 0.0
    sources: Mapping[str, float] = field(default_factory=dict)
    lost: Mapping[str, float] = field(default_factory=dict)


class Meter:
    """Keeps the reports of the last seconds. Several threads may use it."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Report]] = deque()
        self._lock = threading.Lock()

    def add(self, monotonic: float, report: Report) -> Rates:
        """Take in a report read at `monotonic` (seconds); return the rates up to the newest one."""
        with self._lock:
            if not self._samples or not _is_known(self._samples[-1][1], report):
                self._append(monotonic, report)
            return _between(self._samples[0][1], self._samples[-1][1])

    def _append(self, monotonic: float, report: Report) -> None:
        samples = self._samples
        if samples and not _continues(*samples[-1], monotonic, report):
            samples.clear()
        samples.append((monotonic, report))
        while len(samples) > 2 and report.updated - samples[1][1].updated >= WINDOW:
            samples.popleft()


def _is_known(last: Report, report: Report) -> bool:
    """Tell whether `report` is `last` again, or one that another thread has overtaken."""
    return 0 <= last.updated - report.updated <= CLOCK_STEP


def _continues(last_read: float, last: Report, monotonic: float, report: Report) -> bool:
    """Tell whether `report` counts on from `last`: no restart, no clock set in between."""
    passed = report.updated - last.updated
    return (
        report.started == last.started
        and report.counters.datagrams_received >= last.counters.datagrams_received
        and abs(passed - (monotonic - last_read)) <= CLOCK_STEP
    )


def _between(old: Report, new: Report) -> Rates:
    seconds = new.updated - old.updated
    if seconds <= 0:
        return Rates()
    sources = {
        address: source.counters.frames_sent
        - (old.sources[address].counters.frames_sent if address in old.sources else 0)
        for address, source in new.sources.items()
    }
    before = old.lost
    lost = {reason: count - before.get(reason, 0) for reason, count in new.lost.items()}
    return Rates(
        frames=(new.counters.frames_sent - old.counters.frames_sent) / seconds,
        keepalives=(new.counters.keepalives - old.counters.keepalives) / seconds,
        sources={address: count / seconds for address, count in sources.items() if count > 0},
        lost={reason: count / seconds for reason, count in lost.items() if count > 0},
    )
