# SPDX-License-Identifier: MIT
"""Which system starts: for a trial, for good, and after every cut in between."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance import files
from appliance.errors import GloveboxError
from appliance.host import systems
from appliance.host.systems import A, B, System
from appliance.update import switch
from appliance.update.systems_here import UpdatePlaces, look
from image.build import firststage
from tests.unit.update.card_made_here import card


def starts(boot: Path, tryboot: bool = False) -> System:
    """Return the system that the firmware starts."""
    return {each.folder: each for each in systems.BOTH}[
        firststage.choose(boot, tryboot, None).prefix
    ]


def tried(places: UpdatePlaces) -> list[str]:
    """Start the other system once; return what systemctl was told."""
    told: list[str] = []

    def reboot(words: Sequence[str]) -> None:
        told.extend(words)

    switch.start_once(places, reboot)
    return told


@pytest.fixture
def places(tmp_path: Path) -> UpdatePlaces:
    """Return a card with two whole systems, in the emulated machine; the first one runs."""
    made = card(tmp_path, A, B)
    made.mailbox.touch()
    return made


def test_a_trial_is_one_start_of_the_other(places: UpdatePlaces) -> None:
    assert tried(places) == ["reboot"]
    assert places.mailbox.read_bytes() == switch.FLAG
    assert (starts(places.boot, tryboot=True), starts(places.boot)) == (B, A)


def test_a_trial_has_the_owners_own_lines(places: UpdatePlaces) -> None:
    config = places.boot / systems.CONFIG
    config.write_bytes(config.read_bytes().replace(b"\n", b"\r\n") + b"dtparam=act_led=off\r\n")
    tried(places)
    trial = (places.boot / systems.TRIAL_CONFIG).read_bytes()
    assert trial == config.read_bytes().replace(b"os_prefix=a/", b"os_prefix=b/")


def test_on_a_pi_the_flag_is_a_word_to_reboot(places: UpdatePlaces) -> None:
    places.mailbox.unlink()
    places.vcio.touch()
    assert tried(places) == ["reboot", "--reboot-argument=0 tryboot"]


def test_without_a_way_to_the_firmware_there_is_no_trial(places: UpdatePlaces) -> None:
    places.mailbox.unlink()
    with pytest.raises(GloveboxError, match="raspios"):
        tried(places)
    assert not (places.boot / systems.TRIAL_CONFIG).exists()


def test_what_is_not_whole_is_not_tried(tmp_path: Path) -> None:
    places = card(tmp_path, A)
    with pytest.raises(GloveboxError, match="no other system"):
        tried(places)
    with pytest.raises(GloveboxError, match="no other system"):
        switch.back(places)
    assert starts(places.boot) == A


def test_what_is_on_trial_tries_nothing(tmp_path: Path) -> None:
    with pytest.raises(GloveboxError, match="on trial itself"):
        tried(card(tmp_path, A, B, running=B))


def test_keep(tmp_path: Path) -> None:
    places = card(tmp_path, A, B, running=B)
    (places.boot / systems.TRIAL_CONFIG).touch()
    assert switch.keep(places) == B
    assert starts(places.boot) == B
    assert not look(places).on_trial
    assert not (places.boot / systems.TRIAL_CONFIG).exists()
    before = (places.boot / systems.CONFIG).read_bytes()
    assert switch.keep(places) == B
    assert (places.boot / systems.CONFIG).read_bytes() == before


def test_back_from_what_is_kept(places: UpdatePlaces) -> None:
    assert switch.back(places) == B
    assert starts(places.boot) == B


def test_back_from_a_trial_is_what_a_restart_does(tmp_path: Path) -> None:
    places = card(tmp_path, A, B, running=B)
    assert switch.back(places) == A
    assert starts(places.boot) == A


def test_the_file_itself_is_changed(tmp_path: Path) -> None:
    """A name that is written anew is for a moment nowhere on FAT."""
    places = card(tmp_path, A, B, running=B)
    config = places.boot / systems.CONFIG
    before, content = config.stat(), config.read_bytes()
    switch.keep(places)
    assert (config.stat().st_ino, config.stat().st_size) == (before.st_ino, before.st_size)
    after = config.read_bytes()
    assert [at for at, old in enumerate(content) if after[at] != old] == [content.index(b"a/\n")]


@pytest.mark.parametrize("act", ["try", "keep", "back"])
def test_every_cut_leaves_a_system_that_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """The power goes after each of the steps that change a file; then a start without the flag."""
    for allowed in itertools.count():
        (tmp_path / str(allowed)).mkdir()
        places = card(tmp_path / str(allowed), A, B, running=B if act == "keep" else A)
        places.mailbox.touch()
        with monkeypatch.context() as patch:
            cut = cut_after(patch, allowed)
            with contextlib.suppress(PowerCutError):
                {"try": tried, "keep": switch.keep, "back": switch.back}[act](places)
        assert starts(places.boot) in (A, B)
        assert act != "try" or starts(places.boot) == A
        if not cut:
            break
    assert allowed >= 1


class PowerCutError(Exception):
    """The power went."""


def cut_after(patch: pytest.MonkeyPatch, allowed: int) -> list[str]:
    """Cut the power at the step after `allowed` ones; return the list of what was cut off."""
    done, cut = list[str](), list[str]()
    for name in ("write_durable", "change_in_place", "remove"):
        patch.setattr(files, name, step(name, getattr(files, name), allowed, done, cut))
    return cut


def step(name: str, real: object, allowed: int, done: list[str], cut: list[str]) -> object:
    def taken(*words: object) -> None:
        if len(done) == allowed:
            cut.append(name)
            raise PowerCutError(name)
        done.append(name)
        assert callable(real)
        real(*words)

    return taken
