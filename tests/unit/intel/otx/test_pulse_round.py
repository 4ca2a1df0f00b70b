# SPDX-License-Identifier: MIT
"""A round on the card: its place, the list that comes of it, and power cuts in it."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.intel.otx import pulse_round
from appliance.intel.otx.pulse_pages import PulsePage
from appliance.intel.otx.pulse_round import PulseRound, PulseState, RoundFiles
from tests.unit.intel.bad_server import certificate
from tests.unit.intel.otx.played_otx import PlayedOtx, playing_otx, pulse
from tests.unit.intel.otx.test_pulse_feed import NOW, all_of, ask, feed, names


class PowerCutError(BaseException):
    """The power is gone."""


def lines(number: int, *names: str) -> bytes:
    head = b'{"pulse":"%024x"}\n' % number
    return head + b"".join(b'{"indicator":"%s"}\n' % name.encode() for name in names)


def page(content: bytes) -> PulsePage:
    return PulsePage(content, 1, 0, True)


def through(files: RoundFiles, content: bytes, **more: object) -> bool:
    at = files.add(PulseRound(1.0), page(content))
    changed = files.finish(PulseRound(1.0, size=at.size, **more))  # type: ignore[arg-type]
    files.clear()
    return changed


def test_what_came_stands_before_what_stays(tmp_path: Path) -> None:
    files = RoundFiles(tmp_path / "otx")
    assert through(files, lines(1, "a") + lines(2, "b"))
    assert through(files, lines(2, "c"), since="2026")
    assert files.list_file.read_bytes() == lines(2, "c") + lines(1, "a")
    # The same again is no change, and leaves the file as it is.
    assert not through(files, lines(2, "c") + lines(1, "a"))
    # All were asked for, and one did not come.
    assert through(files, lines(2, "c"))
    assert files.list_file.read_bytes() == lines(2, "c")


def test_a_list_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_round, "LARGEST", 200)
    files = RoundFiles(tmp_path / "otx")
    through(files, b"".join(lines(number, "bad.example") for number in range(9)))
    assert 100 < files.list_file.stat().st_size <= 200


def test_what_stands_behind_the_place_is_cut_off(tmp_path: Path) -> None:
    files = RoundFiles(tmp_path / "otx")
    at = files.add(PulseRound(1.0), page(lines(1, "a")))
    files.add(at, page(lines(2, "lost: the place was not written")))
    again = files.add(at, page(lines(3, "c")))
    assert files.file.read_bytes() == lines(1, "a") + lines(3, "c")
    assert files.holds(again) and not files.holds(PulseRound(1.0, size=again.size + 1))


def test_of_another_address_nothing_is_known(tmp_path: Path) -> None:
    files = RoundFiles(tmp_path / "otx")
    known = PulseState("https://a.example/", 5.0, round=PulseRound(4.0, place=20))
    files.keep(known)
    assert files.read("https://b.example/") == PulseState("https://b.example/")
    # Without the list the round goes on, and the rest begins anew.
    assert files.read(known.url) == PulseState(known.url, round=known.round)
    files.list_file.touch()
    assert files.read(known.url) == known
    (tmp_path / "rounds/otx.state.json").write_text("{")
    assert files.read(known.url) == PulseState(known.url)


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False])
def test_power_cuts_at_every_write_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """Cut at the first, second, … call that changes the card: in force is the old or the new."""
    made = certificate(tmp_path)
    tls = ssl.create_default_context(cafile=made[0])
    calls = {name: getattr(os, name) for name in ("fsync", "replace", "unlink")}
    for cut in range(200):
        folder = tmp_path / str(cut)
        pulses = [pulse(number, f"bad{number}.example") for number in range(25)]
        with playing_otx(*made, PlayedOtx(pulses)) as otx:
            due = NOW if first else ask(feed(folder, otx), tls, NOW)
            before = set() if first else names(folder)
            otx.pulses[4].update(pulse(4, "new.example", modified="2026-11-30T00:00:00"))
            left = [cut]
            with monkeypatch.context() as patch:
                for name, call in calls.items():
                    patch.setattr(os, name, until(left, call))
                with contextlib.suppress(PowerCutError):
                    ask(feed(folder, otx, now=due), tls, due)
            assert names(folder) in (before, all_of(otx))
            later = feed(folder, otx, now=due)
            ask(later, tls, later.due)
            assert names(folder) == all_of(otx)
        if left[0] > 0:
            assert cut > 5
            return
    raise AssertionError("it never came to its end")


def until(left: list[int], call: Callable[..., object]) -> Callable[..., object]:
    def cut_off(*arguments: object, **more: object) -> object:
        left[0] -= 1
        if left[0] == -1:
            raise PowerCutError
        return call(*arguments, **more)

    return cut_off
