# SPDX-License-Identifier: MIT
"""MEDIA open for a while: refusals, requests, and the way back, the last on a real file system."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.films import copying, partition
from appliance.films.copying import CopyingPlaces, keep_open, refusal, sectors_written
from appliance.films.open_time import OPEN_S
from appliance.films.partition import Partition
from appliance.host import mounts
from appliance.reports import statusfile
from appliance.reports.films import Condition
from appliance.service import Stop
from tests.conftest import PROJECT, missing

SHUT = Partition(writable=False)

# Whoever copies holds a file open; ending the sessions closes it, or does not.
CLOSING = """
import json, subprocess, sys
from pathlib import Path
from appliance.reports import statusfile as status
from appliance.films.copying import CopyingPlaces, close
from appliance.host import mounts

media, runtime = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "films", media], check=True)
places = CopyingPlaces(media=media, runtime=runtime)
copied = open(media / "film", "w")
calls = []

def outcome(end_sessions, patience):
    try:
        close(places, end_sessions, patience)
    except OSError as error:
        return error.errno
    told = status.read("films-copying", runtime)
    return [mounts.read()[media], told["left"], told["refusal"]]

def refused():
    calls.append("refused")
    raise FileExistsError(17, "File exists", "door")

def ended():
    calls.append("ended")
    copied.close()

found = {"stubborn": outcome(refused, 0.5),
         "told": status.read("films-copying", runtime)["refusal"],
         "ended": outcome(ended, 10.0), "again": outcome(ended, 10.0), "calls": calls}
print(json.dumps(found))
"""


@pytest.fixture
def places(tmp_path: Path) -> CopyingPlaces:
    return CopyingPlaces(tmp_path, tmp_path / "open", tmp_path / "close", tmp_path)


class Clock:
    """A clock of the test's: each look at it is `step` seconds after the one before."""

    def __init__(self, step: float) -> None:
        self.now, self._step = 0.0, step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no test wait for the next look, and nothing be written but by itself."""
    monkeypatch.setattr(copying, "LOOK_S", 0.0)
    monkeypatch.setattr(copying, "sectors_written", lambda mount: 0)
    yield


@pytest.mark.parametrize(
    ("media", "has_key", "words"),
    [
        (SHUT, True, ""),
        (Partition(False, None, Condition.CLEAN), True, ""),
        (Partition(False, None, Condition.REPAIRED), True, ""),
        (SHUT, False, "no SSH key"),
        (Partition(None), True, "no MEDIA partition"),
        (Partition(None, None, Condition.CHECKING), True, "being checked"),
        (Partition(False, None, Condition.DAMAGED), True, "damaged"),
    ],
    ids=["fine", "clean", "repaired", "no key", "no partition", "checking", "damaged"],
)
def test_refusal_says_why(media: Partition, has_key: bool, words: str) -> None:
    assert refusal(media, has_key) == "" if not words else words in refusal(media, has_key)


def test_keep_open_lasts_an_hour(places: CopyingPlaces) -> None:
    clock = Clock(10.0)
    keep_open(Stop(), places, clock)
    assert OPEN_S <= clock.now <= OPEN_S + 60.0
    told = statusfile.read("films-copying", places.runtime)
    assert told is not None and 0.0 <= told["left"] <= 60.0


def test_keep_open_ends_when_its_owner_closes_it(places: CopyingPlaces) -> None:
    places.close.touch()
    clock = Clock(1.0)
    keep_open(Stop(), places, clock)
    assert clock.now < 10.0
    assert not places.close.exists()


def test_keep_open_begins_anew_when_asked_again(places: CopyingPlaces) -> None:
    clock = Clock(100.0)
    plain = Clock(100.0)
    keep_open(Stop(), places, plain)

    def asking() -> float:
        if 2000.0 <= clock.now < 2100.0:
            places.open.touch()
        return clock()

    keep_open(Stop(), places, asking)
    assert clock.now >= plain.now + 1900.0
    assert not places.open.exists()


def test_keep_open_ends_with_the_service(places: CopyingPlaces) -> None:
    stop = Stop()
    stop.set()
    clock = Clock(1.0)
    keep_open(stop, places, clock)
    assert clock.now < 10.0


def test_run_tells_a_refusal_and_opens_nothing(
    places: CopyingPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "KEYS", places.runtime / "no keys")
    copying.run(Stop(), places)
    told = statusfile.read("films-copying", places.runtime)
    assert told is not None
    assert (told["left"], told["refusal"]) == (None, copying.NO_KEY)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "the card is write-protected"),
        (errno.EROFS, "the card is write-protected"),
        (errno.EIO, "MEDIA cannot be made writable: Input/output error"),
    ],
)
def test_run_tells_what_the_kernel_refuses(
    number: int, words: str, places: CopyingPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(mount: Path, writable: bool) -> None:
        raise OSError(number, os.strerror(number), str(mount))

    monkeypatch.setattr(copying, "KEYS", places.runtime)
    monkeypatch.setattr(partition, "look", lambda runtime: SHUT)
    monkeypatch.setattr(mounts, "set_writable", refused)
    copying.run(Stop(), places)
    told = statusfile.read("films-copying", places.runtime)
    assert told is not None
    assert told["refusal"] == words


def test_sectors_written_are_those_of_the_device(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    folder = tmp_path / f"dev/block/{os.major(device)}:{os.minor(device)}"
    assert sectors_written(tmp_path, tmp_path) == 0
    folder.mkdir(parents=True)
    (folder / "stat").write_text("  11 22 33 44 55 66 77 88 99 0 0\n")
    assert sectors_written(tmp_path, tmp_path) == 77


@pytest.mark.net
def test_close_ends_who_still_writes(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        missing("mount namespaces need root")
    media, runtime = tmp_path / "media", tmp_path / "run"
    media.mkdir()
    runtime.mkdir()
    argv = ["unshare", "-m", sys.executable, "-c", CLOSING, str(media), str(runtime)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=PROJECT, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found == {
        "stubborn": errno.EBUSY, "told": copying.BUSY, "ended": [False, None, ""],
        "again": [False, None, ""], "calls": ["refused", "ended"],
    }  # fmt: skip
