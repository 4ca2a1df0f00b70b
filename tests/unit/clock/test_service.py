# SPDX-License-Identifier: MIT
"""The time over a power cut, with clocks and files of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.clock import service
from appliance.clock.service import AHEAD_S, keep, main, restore
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
