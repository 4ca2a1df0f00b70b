# SPDX-License-Identifier: MIT
from __future__ import annotations

from appliance.receiver.soundings import FEWEST, LONGEST, STANDS_S, WINDOW, Soundings
from appliance.reports.checksums import ChecksumsReport
from tests.frames import ethernet, ipv4
from tests.unit.formats.test_soundness import summed

TCP = 6
RIGHT = memoryview(ethernet(ipv4(summed(TCP, b"abc"), TCP)))
WRONG = memoryview(bytes(RIGHT[:-1]) + b"d")
SILENT = memoryview(ethernet(b"\0" * 46, 0x0806))


def looked(soundings: Soundings, right: int, wrong: int, now: float = 0.0) -> ChecksumsReport:
    soundings.look([RIGHT] * right + [WRONG] * wrong, now)
    return soundings.report()


def test_it_heeds_checksums_at_first_and_while_most_are_right() -> None:
    soundings = Soundings()
    assert soundings.report() == ChecksumsReport(0, 0, ignored=False)
    assert looked(soundings, right=60, wrong=60) == ChecksumsReport(120, 60, ignored=False)


def test_what_has_no_checksum_counts_for_nothing() -> None:
    soundings = Soundings()
    soundings.look([SILENT] * 500, 0.0)
    assert soundings.report() == ChecksumsReport()


def test_long_ones_would_take_too_long() -> None:
    soundings = Soundings()
    soundings.look([memoryview(ethernet(ipv4(summed(TCP, bytes(LONGEST)), TCP)))], 0.0)
    assert soundings.report() == ChecksumsReport()


def test_few_frames_tell_nothing() -> None:
    soundings = Soundings()
    assert not looked(soundings, right=0, wrong=FEWEST - 1).ignored
    assert looked(soundings, right=0, wrong=1).ignored


def test_between_many_and_few_it_stands_as_it_is() -> None:
    before, after = Soundings(), Soundings(ChecksumsReport(ignored=True))
    for soundings, ignored in ((before, False), (after, True)):
        assert looked(soundings, right=250, wrong=150).ignored is ignored
    assert not looked(after, right=WINDOW, wrong=0).ignored


def test_whoever_forges_frames_brings_another_judgement_about_seldom() -> None:
    soundings = Soundings()
    assert looked(soundings, right=0, wrong=WINDOW, now=5.0).ignored
    assert looked(soundings, right=WINDOW, wrong=0, now=4.9 + STANDS_S).ignored
    assert not looked(soundings, right=0, wrong=0, now=5.0 + STANDS_S).ignored


def test_it_judges_by_the_newest() -> None:
    soundings = Soundings()
    looked(soundings, right=WINDOW, wrong=0)
    assert looked(soundings, right=0, wrong=30) == ChecksumsReport(WINDOW, 30, ignored=False)
