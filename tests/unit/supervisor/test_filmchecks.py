# SPDX-License-Identifier: MIT
"""Judgements of the films and of what is plugged in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.films.partition import Partition
from appliance.reports.films import Condition, Copying, Drive, Library
from appliance.reports.levels import Level
from appliance.supervisor import filmchecks, units
from appliance.supervisor.observations import Settings, Unknown
from tests.unit.supervisor.looks import ABSENT, FAILED, NOW, history, look
from tests.unit.supervisor.looks import units as unit_states

FILMS = Drive("sda1", "FILME", "vfat", 4 << 30, mounted=True)
SHUT = replace(FILMS, mounted=False)
OFF = Settings("snort", (), (), films=False)


@pytest.mark.parametrize(
    ("media", "level", "remedy", "words"),
    [
        (Library(1, 2, 3, streams=2), Level.OK, None, "2 films, 1 songs and 3 pictures; it is se"),
        (Library(1, 2, 3, scanning=True), Level.OK, None, "pictures and looks for more;"),
        (Library(0, 0, 0), Level.OK, None, "has found no films yet."),
        (Library(0, 0, 0, scanning=True), Level.OK, None, "no films and looks for more."),
        (Unknown("timed out"), Level.UNKNOWN, None, "does not answer: timed out"),
    ],
    ids=["films", "scanning", "none", "none yet", "no answer"],
)
def test_media_says_what_is_served(
    media: Library | Unknown, level: Level, remedy: str | None, words: str
) -> None:
    result = filmchecks.media(history(look(media=media)))
    assert result is not None
    assert (result.level, result.remedy) == (level, remedy)
    assert words in result.words


def test_media_that_is_silent_for_long_is_restarted() -> None:
    silent = Unknown("timed out")
    looks = [look(at, media=silent) for at in (0, 4, 8, 12, 16)]
    told = [filmchecks.media(history(*looks[:count])) for count in (2, 3, 5)]
    assert [(each.level, each.remedy) for each in told if each] == [
        (Level.UNKNOWN, None),
        (Level.FAIL, None),
        (Level.FAIL, units.MEDIA),
    ]
    answered = filmchecks.media(history(*looks[:2], look(8), *looks[3:]))
    assert answered is not None and answered.level is Level.UNKNOWN


def test_media_goes_by_the_unit_first() -> None:
    absent = look(units=unit_states({units.MEDIA: ABSENT}), media=Unknown("refused"))
    assert filmchecks.media(history(absent)) is None
    failed = filmchecks.media(history(look(units=unit_states({units.MEDIA: FAILED}))))
    assert failed is not None and "does not run" in failed.words


def test_films_that_are_switched_off_are_nobodys_fault() -> None:
    off = look(settings=OFF, units=unit_states({units.MEDIA: FAILED}), drives=(SHUT,))
    assert filmchecks.media(history(off)) is None
    assert filmchecks.drives(history(off)) is None


def test_drives_names_what_is_plugged_in() -> None:
    assert filmchecks.drives(history(look())) is None
    result = filmchecks.drives(history(look(drives=(FILMS,))))
    assert result is not None
    assert (result.level, result.words) == (Level.OK, "FILME is plugged in.")


def test_drives_warns_of_one_that_stays_shut() -> None:
    opening = filmchecks.drives(history(look(0), look(2, drives=(SHUT,))))
    assert opening is not None and opening.level is Level.OK
    result = filmchecks.drives(history(look(0, drives=(SHUT,)), look(12, drives=(SHUT,))))
    assert result is not None and result.level is Level.WARN
    assert result.words == "FILME (sda1, 4.0 GiB, vfat) cannot be opened."


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        *sorted(filmchecks.KINDS.items()),
        ("nvidia_raid_member", "a part of a RAID"),
        ("drbd_member", "a part of a set of disks"),
    ],
)
def test_drives_names_what_is_not_read_here_for_what_it_is(kind: str, words: str) -> None:
    strange = replace(SHUT, name="USB sda1", kind=kind)
    result = filmchecks.drives(history(look(0, drives=(strange,)), look(12, drives=(strange,))))
    assert result is not None and result.level is Level.WARN
    assert result.words == f"USB sda1 (sda1, 4.0 GiB) holds {words}."
    assert "Copy them" in result.advice


def test_drives_tells_what_is_damaged_from_what_is_not_read_here() -> None:
    both = (SHUT, replace(SHUT, name="MAC", device="sdb2", kind="apfs"))
    result = filmchecks.drives(history(look(0, drives=both), look(12, drives=both)))
    assert result is not None
    assert result.words == (
        "FILME (sda1, 4.0 GiB, vfat) cannot be opened."
        " MAC (sdb2, 4.0 GiB) holds an Apple file system (APFS)."
    )
    assert "damaged" in result.advice


def test_drives_tells_who_was_pulled_out() -> None:
    gone = history(look(0, drives=(FILMS,)), look(10, drives=(FILMS,)), look(14), look(24))
    result = filmchecks.drives(gone)
    assert result is not None
    assert (result.level, "FILME was pulled out 10 s ago" in result.words) == (Level.OK, True)
    back = filmchecks.drives(history(look(0, drives=(FILMS,)), look(4), look(8, drives=(FILMS,))))
    assert back is not None and back.words == "FILME is plugged in."


@pytest.mark.parametrize(
    ("found", "level", "words"),
    [
        (Partition(True, Copying(NOW, 300.0)), Level.WARN, "open for copying films for 5 more min"),
        (Partition(True, Copying(NOW - 99, 300.0)), Level.WARN, "MEDIA is open for copying films."),
        (Partition(True), Level.WARN, "MEDIA is open for copying films."),
        (Partition(None, None, Condition.CHECKING), Level.OK, "is being checked"),
        (Partition(False, None, Condition.REPAIRED), Level.OK, "has been repaired"),
        (Partition(False, None, Condition.DAMAGED), Level.WARN, "could not be repaired"),
    ],
    ids=["open", "left open", "nobody's", "checking", "repaired", "damaged"],
)
def test_partition_tells_what_the_power_may_damage(
    found: Partition, level: Level, words: str
) -> None:
    result = filmchecks.partition(history(look(partition=found)))
    assert result is not None
    assert result.level is level
    assert words in result.words
    assert ("Do not pull the power" in result.advice) is (found.writable is True)


@pytest.mark.parametrize(
    "found", [Partition(), Partition(False), Partition(False, None, Condition.CLEAN)]
)
def test_partition_that_is_shut_and_whole_is_no_news(found: Partition) -> None:
    assert filmchecks.partition(history(look(partition=found))) is None


def test_drives_says_how_much_of_one_is_listed_where_that_is_not_all() -> None:
    partly = replace(FILMS, listed=90_000, total=120_000)
    result = filmchecks.drives(history(look(drives=(partly,))))
    assert result is not None and result.level is Level.WARN
    assert result.words.startswith("FILME: 90,000 of 120,000 files listed.")
    whole = replace(FILMS, listed=5, total=5)
    result = filmchecks.drives(history(look(drives=(whole,))))
    assert result is not None and result.level is Level.OK
