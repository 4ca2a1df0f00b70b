# SPDX-License-Identifier: MIT
"""What Python does not tell of the clocks of this machine, and what names its boot.

`time.time` is the time of day, which may be set at any moment; `time.monotonic` measures durations
within a process; `boottime` is one and the same for all processes, and goes on while the machine
sleeps.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

from appliance.host import libc

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# adjtimex(2), sys/timex.h: what the call answers while nobody has confirmed the time (STA_UNSYNC);
# a structure of zeros asks and changes nothing, and this is more than its 208 bytes.
_TIME_ERROR = 5
_TIMEX_BYTES = 512


def boottime() -> float:
    """Return the seconds since the boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Return what names this boot of the machine: kernel counters start anew with each."""
    return BOOT_ID.read_text(encoding="ascii").strip()


def is_set() -> bool:
    """Tell whether the clock is set: somebody who knows the time confirms it just now.

    chrony tells the kernel so with its first good measurement of an NTP server, right after it has
    moved the clock (`rtcsync`), and the kernel forgets it after hours without another. Neither the
    machine's own clock nor the time that was kept counts: a right one looks like a wrong one.
    Raises OSError where the kernel may not be asked.
    """
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    return libc.checked(libc.LIBRARY.adjtimex(buffer), "adjtimex") != _TIME_ERROR


def set_time(to: float) -> None:
    """Set the time of day, in seconds since the epoch; needs CAP_SYS_TIME. Raises OSError."""
    time.clock_settime(time.CLOCK_REALTIME, to)
