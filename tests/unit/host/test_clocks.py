# SPDX-License-Identifier: MIT
"""The clocks of the kernel, on the machine itself."""

from __future__ import annotations

import ctypes
import re
import time
from pathlib import Path

import pytest

from appliance.host import clocks, libc


def test_boottime_is_what_the_kernel_publishes() -> None:
    before = clocks.boottime()
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert before - 0.02 <= uptime <= clocks.boottime()


def test_boot_id_is_a_uuid() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", clocks.boot_id())


def test_set_time_sets_the_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, float]] = []
    monkeypatch.setattr(time, "clock_settime", lambda clock, to: told.append((clock, to)))
    clocks.set_time(5.0)
    assert told == [(time.CLOCK_REALTIME, 5.0)]


def test_is_set_says_what_the_kernel_says() -> None:
    """The same kernel, asked by another call; its status words are those of sys/timex.h."""

    class NtpTime(ctypes.Structure):
        _fields_ = (("time", ctypes.c_long * 2), ("rest", ctypes.c_long * 32))

    state = ctypes.CDLL(None).ntp_gettime(ctypes.byref(NtpTime()))
    assert clocks.is_set() is (state != 5)


@pytest.mark.parametrize(("state", "expected"), [(0, True), (1, True), (4, True), (5, False)])
def test_is_set_knows_the_states(
    state: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leap seconds are no error: TIME_INS, TIME_WAIT; TIME_ERROR is."""

    class Kernel:
        @staticmethod
        def adjtimex(buffer: object) -> int:
            return state

    monkeypatch.setattr(libc, "LIBRARY", Kernel)
    assert clocks.is_set() is expected


def test_is_set_says_why_it_cannot_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        @staticmethod
        def adjtimex(buffer: object) -> int:
            ctypes.set_errno(1)
            return -1

    monkeypatch.setattr(libc, "LIBRARY", Kernel)
    with pytest.raises(OSError, match="adjtimex: Operation not permitted"):
        clocks.is_set()
