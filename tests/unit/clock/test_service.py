"""The time over a power cut, with clocks and files of our own."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from appliance.clock import service
from appliance.clock.service import AHEAD_S, is_set, keep, main, restore
from appliance.errors import GloveboxError

NOW = 1_795_000_000.0


def test_restore_never_falls_behind_what_was_kept(tmp_path: Path) -> None:
    stamp = tmp_path / "clock"
    keep(stamp, now=lambda: NOW)
    told: list[float] = []
    assert restore(stamp, tmp_path / "absent", now=lambda: 5.0, set_clock=told.append) is not None
    assert told == [NOW + AHEAD_S]


def test_restore_leaves_a_clock_that_is_later(tmp_path: Path) -> None:
    stamp = tmp_path / "clock"
    keep(stamp, now=lambda: NOW)
    told: list[float] = []
    later = NOW + AHEAD_S + 1
    assert restore(stamp, tmp_path / "absent", now=lambda: later, set_clock=told.append) is None
    assert told == []


def test_restore_without_a_stamp_goes_to_the_making_of_the_image(tmp_path: Path) -> None:
    built = tmp_path / "built"
    keep(built, now=lambda: NOW - AHEAD_S)
    told: list[float] = []
    restore(tmp_path / "absent", built, now=lambda: 0.0, set_clock=told.append)
    assert told == [NOW]


def test_keep_follows_a_clock_that_was_put_back(tmp_path: Path) -> None:
    stamp = tmp_path / "clock"
    keep(stamp, now=lambda: NOW + 1e9)
    keep(stamp, now=lambda: NOW)
    assert stamp.stat().st_mtime == NOW + AHEAD_S


def test_keep_says_why_not(tmp_path: Path) -> None:
    with pytest.raises(GloveboxError, match="cannot be kept"):
        keep(tmp_path / "missing" / "clock")


def test_restore_says_why_not(tmp_path: Path) -> None:
    def refuse(_: float) -> None:
        raise PermissionError(1, "no right")

    stamp = tmp_path / "clock"
    keep(stamp, now=lambda: NOW)
    with pytest.raises(GloveboxError, match="no right"):
        restore(stamp, stamp, now=lambda: 0.0, set_clock=refuse)


def test_is_set_says_what_the_kernel_says() -> None:
    """The same kernel, asked by another call; its status words are those of sys/timex.h."""

    class NtpTime(ctypes.Structure):
        _fields_ = (("time", ctypes.c_long * 2), ("rest", ctypes.c_long * 32))

    state = ctypes.CDLL(None).ntp_gettime(ctypes.byref(NtpTime()))
    assert is_set() is (state != 5)


@pytest.mark.parametrize(("state", "expected"), [(0, True), (1, True), (4, True), (5, False)])
def test_is_set_knows_the_states(
    state: int, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leap seconds are no error: TIME_INS, TIME_WAIT; TIME_ERROR is."""

    class Kernel:
        @staticmethod
        def adjtimex(buffer: object) -> int:
            return state

    monkeypatch.setattr(service, "_libc", Kernel)
    assert is_set() is expected


def test_is_set_says_why_it_cannot_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        @staticmethod
        def adjtimex(buffer: object) -> int:
            ctypes.set_errno(1)
            return -1

    monkeypatch.setattr(service, "_libc", Kernel)
    with pytest.raises(OSError, match="adjtimex: Operation not permitted"):
        is_set()


@pytest.mark.parametrize(
    ("action", "expected"), [("keep", ["keep"]), ("restore", ["restore", "keep"])]
)
def test_main_keeps_what_it_restored(
    action: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that ends before the timer's first turn leaves no later time unknown."""
    done: list[str] = []
    monkeypatch.setattr(service, "keep", lambda: done.append("keep"))
    monkeypatch.setattr(service, "restore", lambda: done.append("restore"))
    assert main([action]) == 0
    assert done == expected


def test_main_wants_an_action() -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
