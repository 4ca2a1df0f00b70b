# SPDX-License-Identifier: MIT
"""Rounds of renewal: whatever is downloaded and however the engine behaves, rules stay in force."""

from __future__ import annotations

import functools
import gzip
import io
import itertools
import os
import ssl
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import files
from appliance.formats.list_sources import ListSource
from appliance.ids import trial
from appliance.intel import download
from appliance.intel.fetch_command import UNSET, Fetcher
from appliance.intel.fetched_lists import FetchedList
from tests.unit.intel import bad_server
from tests.unit.intel.bad_server import answer, certificate, playing
from tests.unit.renewal.played import GOOD, NOW, SET, Sensor, packed, rule, rules

SIDS = list(range(2_000_001, 2_000_101))


@pytest.fixture
def sensor(tmp_path: Path) -> Sensor:
    """Return a sensor on which the good set is in force."""
    made = Sensor(tmp_path)
    made.download(GOOD)
    report = made.round()
    assert report.in_force and made.in_force() == SIDS
    made.reports.clear()
    return made


def test_a_set_comes_into_force_and_is_told(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path)
    sensor.download(GOOD)
    report = sensor.round()
    assert sensor.in_force() == SIDS
    assert report.told == "100 rules in force; 100 rules added, 0 changed, 0 removed."
    assert not sensor.places.trial.exists() and report.doing == ""
    assert {each.doing for each in sensor.reports} >= {
        "the engine tries them", "the engine takes them, and is watched for a minute"
    }  # fmt: skip
    assert sensor.engine.clock >= 60


def test_without_a_choice_nothing_is_taken(tmp_path: Path) -> None:
    sensor = Sensor(tmp_path, is_chosen=False)
    sensor.download(GOOD)
    assert sensor.round().in_force == "" and sensor.engine.restarts == []


def test_the_same_download_is_not_tried_again(sensor: Sensor) -> None:
    before = sensor.engine.clock
    sensor.round()
    assert sensor.engine.clock == before and len(sensor.engine.restarts) == 1


def test_what_an_update_changed_is_told_and_two_generations_are_kept(sensor: Sensor) -> None:
    for rev in (2, 3, 4):
        newer = rules(90, rev=rev) + rules(20, first=2_001_000 + rev)
        sensor.download(packed({"x.rules": newer}))
        report = sensor.round()
        assert len(report.generations) == 2
    assert report.told == "110 rules in force; 1 rule added, 109 changed, 1 removed." or (
        report.told.startswith("110 rules in force; ")
    )
    kept = [each for each in (sensor.folder / "suricata").iterdir() if each.name.startswith("g-")]
    assert len(kept) == 2


@pytest.mark.slow
@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(
    ("habit", "why"),
    [
        ("dies", "the engine ended, or listens no more"),
        ("hangs", "the engine"),
        ("deaf", "the self-test failed: deaf"),
        ("fewer", "the engine has 60 rules loaded, of 120 that it took in the trial"),
    ],
)
def test_rules_that_the_engine_does_not_stand_are_taken_back(
    sensor: Sensor, habit: str, why: str, live: bool
) -> None:
    sensor.engine.habit, sensor.engine.live = habit, live
    before = sensor.places.in_force()
    sensor.download(packed({"x.rules": rules(120)}))
    report = sensor.round()
    assert sensor.in_force() == SIDS and report.in_force == before
    assert why in report.told and "Those of before are in force" in report.told
    assert report.sets[0].trouble
    # The engine started with them again, and is not asked for the same download once more.
    assert sensor.engine.restarts[-1] == before
    count = len(sensor.engine.restarts)
    sensor.round()
    assert len(sensor.engine.restarts) == count


def test_one_broken_rule_costs_one_rule(sensor: Sensor) -> None:
    broken = rule(2_000_200, more=' content:"BROKEN";').encode()
    sensor.download(packed({"x.rules": rules(100) + broken + b"\nno rule at all\n"}))
    report = sensor.round()
    assert sensor.in_force() == SIDS
    assert report.force and report.force.sets[0].refused == 2


def test_the_same_numbers_twice_cost_nothing(sensor: Sensor) -> None:
    sensor.download(packed({"a.rules": rules(100), "b.rules": rules(100, rev=2)}))
    report = sensor.round()
    assert sensor.in_force() == SIDS
    assert report.force and report.force.sets[0].reasons == {"its number stands twice": 100}


@pytest.mark.parametrize(("count", "why"), [(50, "half"), (301, "three times")])
def test_a_set_that_shrank_or_grew_much_waits_for_the_owner(
    sensor: Sensor, count: int, why: str
) -> None:
    sensor.download(packed({"x.rules": rules(count)}))
    report = sensor.round()
    assert sensor.in_force() == SIDS
    assert why in report.sets[0].held and report.sets[0].digest
    renewal = sensor.renewal
    renewal.agree(SET.name, "0" * 64)
    renewal.round()
    assert sensor.in_force() == SIDS
    renewal.agree(SET.name, report.sets[0].digest)
    renewal.round()
    assert len(sensor.in_force()) == count


def test_the_owner_goes_back_and_forth(sensor: Sensor) -> None:
    first = sensor.places.in_force()
    sensor.download(packed({"x.rules": rules(120)}))
    second = sensor.round().in_force
    assert second != first
    sensor.renewal.go_back()
    report = sensor.round()
    assert report.in_force == first and sensor.in_force() == SIDS
    assert report.sets[0].held == "you went back to what was before"
    sensor.renewal.go_back()
    assert sensor.round().in_force == second


def test_a_set_that_is_chosen_no_more_goes(sensor: Sensor) -> None:
    sensor.is_chosen = False
    report = sensor.round()
    assert sensor.in_force() == [] and report.in_force == ""
    assert "No rule set is chosen" in report.told


def test_a_trial_that_was_cut_short_is_over(sensor: Sensor) -> None:
    force = sensor.places.in_force()
    sensor.places.trial.write_text("none")
    assert sensor.in_force() == []
    sensor.round()
    assert sensor.in_force() == SIDS and sensor.engine.restarts[-1] == force


def test_an_engine_that_cannot_be_asked_changes_nothing(sensor: Sensor) -> None:
    sensor.tries = lambda made, given: trial.Settled((), trouble="want of memory")
    sensor.download(packed({"x.rules": rules(120)}))
    report = sensor.round()
    assert sensor.in_force() == SIDS and report.sets[0].trouble == "want of memory"


class PowerCutError(Exception):
    """The power is gone."""


@dataclass
class Power:
    """Power for so many calls that change the card."""

    left: int

    def last_for(self, patched: pytest.MonkeyPatch) -> None:
        for name in ("replace", "fsync", "rename", "unlink", "symlink", "mkdir"):
            patched.setattr(os, name, functools.partial(self._call, getattr(os, name)))

    def _call(self, original: Callable[..., object], *args: object, **options: object) -> object:
        if self.left == 0:
            raise PowerCutError
        self.left -= 1
        return original(*args, **options)


def test_the_power_may_go_at_any_moment(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call that changes the card is in turn the last one; what is in force is whole then."""
    sensor.download(packed({"x.rules": rules(120)}))
    newer = list(range(2_000_001, 2_000_121))
    verdicts = sensor.folder / "suricata/verdicts.json"
    for moments in itertools.count():
        # What was cut short twice would not be tried again.
        verdicts.unlink(missing_ok=True)
        try:
            with monkeypatch.context() as patched:
                Power(moments).last_for(patched)
                sensor.round()
                break
        except PowerCutError:
            # After the start nothing is on trial: memory is empty.
            sensor.places.trial.unlink(missing_ok=True)
            assert sensor.in_force() in (SIDS, newer)
    assert moments > 8 and sensor.in_force() == newer


def test_rules_that_take_the_machine_down_do_so_twice_at_most(
    sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str) -> None:
        raise PowerCutError

    sensor.download(packed({"x.rules": rules(120)}))
    with monkeypatch.context() as patched:
        patched.setattr(sensor.engine, "put_on_trial", gone)
        for _ in range(2):
            with pytest.raises(PowerCutError):
                sensor.round()
        report = sensor.round()
    assert report.sets[0].trouble == "its trial was cut short, twice"
    assert sensor.in_force() == SIDS
    # Another download is another matter.
    sensor.download(packed({"x.rules": rules(121)}))
    assert sensor.round().told.startswith("121 rules in force") and len(sensor.in_force()) == 121


def bomb() -> bytes:
    """Return what unpacks to more than there may be."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as stream:
        for _ in range(100):
            stream.write(bytes(1 << 20))
    return out.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


CONTENTS = {
    "/set/bomb": bomb(),
    "/set/zip-bomb": zipped("x.rules", bytes(100 << 20)),
    "/set/half": GOOD[: len(GOOD) // 2],
    "/set/empty-archive": packed({}),
    "/set/no-rules": packed({"README": b"nothing"}),
    "/set/only-remarks": packed({"x.rules": b"# nothing\n"}),
    "/set/traversal": packed({"../../../../etc/passwd": b"x", "/etc/shadow": b"y"}),
    "/set/picture": b"\x89PNG\r\n\x1a\n" + bytes(4000),
    "/set/half-as-large": packed({"x.rules": rules(50)}),
    "/set/ten-times": packed({"x.rules": rules(1000)}),
    "/set/other-engine": packed({"x.rules": b"pass ip any any -> any any (sid:2;)\n"}),
}  # fmt: skip
HEADERS = "Content-Type: text/plain"
bad_server.PATHS.update(
    {path: bad_server._says(answer("200 OK", what, HEADERS)) for path, what in CONTENTS.items()}
)
BAD = sorted(
    bad_server.PATHS.keys()
    - {"/good", "/chunks", "/moved", "/tag", "/drips", "/drips-headers", "/304"}
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(made: tuple[Path, Path]) -> Iterator[str]:
    with playing(*made) as url:
        yield url


def fetched(sensor: Sensor, url: str, tls: ssl.SSLContext) -> str:
    """Fetch the set from there; return what is told of it."""
    found = FetchedList(
        ListSource(SET.name, url, "A set"), sensor.folder / "downloads", lambda: 0.0
    )
    found.begin(NOW)
    found.fetch(tls, NOW)
    return found.trouble


@pytest.mark.slow
@pytest.mark.parametrize("path", BAD)
def test_no_bad_download_takes_rules_away(
    sensor: Sensor, server: str, made: tuple[Path, Path], path: str
) -> None:
    trouble = fetched(sensor, server + path, ssl.create_default_context(cafile=made[0]))
    standing = sensor.round().sets[0]
    assert sensor.in_force() == SIDS
    assert trouble or standing.trouble or standing.held


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/drips", "/drips-headers"])
def test_a_slow_download_takes_no_rules_away(
    sensor: Sensor,
    server: str,
    made: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    patient = functools.partial(download.download, seconds=0.3)
    monkeypatch.setattr(download, "download", patient)
    trouble = fetched(sensor, server + path, ssl.create_default_context(cafile=made[0]))
    sensor.round()
    assert sensor.in_force() == SIDS and trouble == "it is too slow"


def test_a_clock_that_is_wrong_takes_no_rules_away(sensor: Sensor) -> None:
    source = ListSource(SET.name, "https://127.0.0.1:9/", "A set")
    found = FetchedList(source, sensor.folder / "downloads", lambda: 0.0)
    found.begin(0.0)
    Fetcher([], [found], ssl.create_default_context(), earliest=NOW).turn(1000.0)
    sensor.round()
    assert sensor.in_force() == SIDS and found.trouble == UNSET


def test_a_certificate_of_nobody_takes_no_rules_away(sensor: Sensor, server: str) -> None:
    trouble = fetched(sensor, f"{server}/good", ssl.create_default_context())
    sensor.round()
    assert sensor.in_force() == SIDS and "not trusted" in trouble


def test_a_full_card_takes_no_rules_away(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    sensor.download(packed({"x.rules": rules(120)}))
    monkeypatch.setattr(files, "write_durable", full)
    with pytest.raises(OSError, match="No space left"):
        sensor.round()
    monkeypatch.undo()
    assert sensor.in_force() == SIDS
    sensor.round()
    assert len(sensor.in_force()) == 120
