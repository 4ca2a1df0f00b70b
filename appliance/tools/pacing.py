# SPDX-License-Identifier: MIT
"""When each frame is due, waiting until then, and how late it was.

The schedule is absolute: due times count from the start of the run, so a late frame makes none
after it late, and rates hold over any length of time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.service import Stop

NANOSECONDS = 1_000_000_000
LONGEST_WAIT_NS = 3600 * NANOSECONDS
_LARGEST_SCALE = 1e30


class Pace(Protocol):
    """A rule for due times."""

    def begin(self) -> None:
        """A capture starts: its first time stamp says nothing about the frames before it."""

    def due_ns(self, time_us: int, length: int) -> int:
        """Return when the next frame is due, in ns from the start of the run."""


class OriginalTiming:
    """The gaps of the capture, divided by `multiplier`, none longer than `longest_gap_us`.

    A time stamp before its predecessor counts as no gap, and so does a wait of more than an hour
    where no longest gap is given: such time stamps are damaged nearly always. `say` gets a word.
    """

    def __init__(
        self,
        multiplier: float = 1.0,
        longest_gap_us: int | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        # Bounded, so that no gap times it is infinite.
        self._scale = min(1000 / multiplier, _LARGEST_SCALE)
        self._longest_gap_us = longest_gap_us
        self._say = say
        self._previous_us: int | None = None
        self._due_ns = 0.0

    def begin(self) -> None:
        self._previous_us = None

    def due_ns(self, time_us: int, length: int) -> int:
        if self._previous_us is not None:
            gap_us = max(0, time_us - self._previous_us)
            if self._longest_gap_us is not None:
                gap_us = min(gap_us, self._longest_gap_us)
            self._due_ns += self._wait_ns(gap_us)
        self._previous_us = time_us
        return int(self._due_ns)

    def _wait_ns(self, gap_us: int) -> float:
        wait_ns = gap_us * self._scale
        if wait_ns <= LONGEST_WAIT_NS:
            return wait_ns
        if self._longest_gap_us is not None:
            return min(wait_ns, max(LONGEST_WAIT_NS, self._longest_gap_us * 1000))
        self._say(
            f"a gap of {gap_us / 1e6:.6g} s would be a wait of {wait_ns / NANOSECONDS:.6g} s, more"
            " than an hour: not waited for (--maxsleep sets how long gaps may be)"
        )
        return 0.0


class PacketRate:
    """`pps` frames a second."""

    def __init__(self, pps: float) -> None:
        self._interval_ns = NANOSECONDS / pps
        self._count = 0

    def begin(self) -> None:
        pass

    def due_ns(self, time_us: int, length: int) -> int:
        due_ns = int(self._count * self._interval_ns)
        self._count += 1
        return due_ns


class BitRate:
    """`mbps` million bits a second, counting the bytes of the frames alone."""

    def __init__(self, mbps: float) -> None:
        self._ns_per_byte = 8 * NANOSECONDS / (mbps * 1_000_000)
        self._bytes = 0

    def begin(self) -> None:
        pass

    def due_ns(self, time_us: int, length: int) -> int:
        due_ns = int(self._bytes * self._ns_per_byte)
        self._bytes += length
        return due_ns


class Histogram:
    """Counts of whole numbers: exact below 32, within 1/16 above; memory does not grow."""

    EXACT = 32
    STEPS = 16

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.largest = 0

    def add(self, value: int) -> None:
        bucket = value
        if value >= self.EXACT:
            shift = value.bit_length() - self.STEPS.bit_length()
            bucket = value >> shift << shift
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self.count += 1
        if value > self.largest:
            self.largest = value

    def quantile(self, share: float) -> int:
        """Return the value that `share` (0 to 1) of the numbers do not exceed; 0 if there are none.

        Rounded down to a bucket's lower end.
        """
        wanted = share * self.count
        reached = 0
        for bucket, count in sorted(self._counts.items()):
            reached += count
            if reached >= wanted:
                return bucket
        return 0


@dataclass(frozen=True)
class TimingError:
    """How late frames were handed to the kernel, in µs after they were due."""

    p50: int
    p99: int
    max: int


class Pacer:
    """Waits for due times from the first call on; a set `stop` ends a wait."""

    # Event waits see the stop, but wake up less exactly than plain sleeps.
    LAST_SLEEP_NS = 20_000_000

    def __init__(self, pace: Pace, stop: Stop) -> None:
        self._pace = pace
        self._stop = stop
        self._start_ns: int | None = None
        self._late_us = Histogram()

    def begin(self) -> None:
        """A capture starts (see Pace)."""
        self._pace.begin()

    def wait(self, time_us: int, length: int) -> None:
        """Wait until the next frame, of this time and length, is due."""
        now_ns = time.monotonic_ns()
        if self._start_ns is None:
            self._start_ns = now_ns
            sharpen_timers()
        due_ns = self._start_ns + self._pace.due_ns(time_us, length)
        while now_ns < due_ns and not self._stop:
            self._sleep(due_ns - now_ns)
            now_ns = time.monotonic_ns()
        if not self._stop:
            self._late_us.add((now_ns - due_ns) // 1000)

    def _sleep(self, left_ns: int) -> None:
        if left_ns > self.LAST_SLEEP_NS:
            self._stop.wait((left_ns - self.LAST_SLEEP_NS) / NANOSECONDS)
        else:
            time.sleep(left_ns / NANOSECONDS)

    @property
    def timing_error(self) -> TimingError | None:
        """Return what is known of the lateness so far; None before the first frame."""
        if not self._late_us.count:
            return None
        late = self._late_us
        return TimingError(late.quantile(0.5), late.quantile(0.99), late.largest)


def sharpen_timers() -> None:
    """Ask for wake-ups at 1 ns instead of within 50 µs (prctl(2), PR_SET_TIMERSLACK; proc(5))."""
    try:
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")
    except OSError:
        # Only sharper where it can be: the error is measured either way.
        return
