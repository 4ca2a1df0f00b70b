# SPDX-License-Identifier: MIT
"""What RAUC is told, and what it may change."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from appliance.errors import GloveboxError, InputError
from appliance.host.systems import A, B
from appliance.update import rauc
from appliance.update.systems_here import UpdatePlaces, look
from tests.conftest import PROJECT
from tests.unit.update.card_made_here import card


@pytest.fixture
def places(tmp_path: Path) -> UpdatePlaces:
    return card(tmp_path, A, B)


def test_configuration_is_that_of_the_running_system() -> None:
    parsed = configparser.ConfigParser()
    parsed.read_string(rauc.configuration("glovebox-vm-debian", B, Path("/boot/firmware")))
    assert parsed["system"]["compatible"] == "glovebox-vm-debian"
    assert parsed["system"]["bundle-formats"] == "verity"
    assert parsed["system"]["activate-installed"] == "false"
    assert parsed["keyring"]["path"] == "/boot/firmware/b/keyring.pem"
    assert parsed["slot.rootfs.0"]["device"] == "/dev/glovebox/part2"
    assert parsed["slot.rootfs.1"]["device"] == "/dev/glovebox/part6"
    assert parsed["slot.rootfs.1"]["bootname"] == "b"
    for handler in parsed["handlers"].values():
        file = PROJECT / "image/overlay" / handler.removeprefix("/")
        assert file.stat().st_mode & 0o111


def test_compatible_is_board_and_flavour() -> None:
    assert rauc.compatible("ID=debian\nVARIANT_ID=pi-raspios\n") == "glovebox-pi-raspios"
    with pytest.raises(GloveboxError, match="which board"):
        rauc.compatible("ID=debian\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("get-primary", "a"), ("get-current", "b"), ("get-state a", "good"),
        ("get-state b", "good"), ("set-state b good", ""),
    ],
)  # fmt: skip
def test_answers_on_a_trial(tmp_path: Path, words: str, told: str) -> None:
    places = card(tmp_path, A, B, running=B)
    assert rauc.answer(words.split(), places) == told
    assert look(places).whole == {A, B}


def test_what_is_written_over_is_not_whole_before(places: UpdatePlaces) -> None:
    assert rauc.answer(["set-state", "b", "bad"], places) == ""
    assert look(places).whole == {A}
    assert rauc.answer(["get-state", "b"], places) == "bad"
    with pytest.raises(InputError, match="may not ask"):
        rauc.answer(["set-state", "b", "good"], places)


def test_what_runs_or_is_kept_is_never_written_over(tmp_path: Path) -> None:
    places = card(tmp_path, A, B, running=B)
    for name in ("a", "b"):
        with pytest.raises(InputError, match="never written over"):
            rauc.answer(["set-state", name, "bad"], places)
    assert look(places).whole == {A, B}


@pytest.mark.parametrize(
    "words", ["set-primary b", "get-state c", "set-state b", "set-state c bad", "remove", ""]
)
def test_what_rauc_may_not_ask(places: UpdatePlaces, words: str) -> None:
    with pytest.raises(InputError):
        rauc.answer(words.split(), places)
    assert look(places).whole == {A, B} and look(places).kept == A
