# SPDX-License-Identifier: MIT
"""Which generation of rules the engine gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.ruleset.set_places import INSIDE, SetPlaces, engine_files, folder_of

FIRST, SECOND = "g-" + "1" * 16, "g-" + "2" * 16


@pytest.fixture
def places(tmp_path: Path) -> SetPlaces:
    for name in (FIRST, SECOND):
        (tmp_path / "snort" / name).mkdir(parents=True)
        (tmp_path / "snort" / name / "et-open.rules").touch()
    return SetPlaces(tmp_path / "snort", tmp_path / "on-trial")


def test_without_a_link_there_is_none(places: SetPlaces) -> None:
    assert places.chosen() == "" and places.engine_files() == ()


def test_the_link_leads_to_what_stood_its_test(places: SetPlaces) -> None:
    (places.folder / "in-force").symlink_to(FIRST)
    assert places.chosen() == FIRST
    assert places.engine_files() == [f"{INSIDE}/snort/{FIRST}/et-open.rules"]


def test_what_is_on_trial_comes_first(places: SetPlaces) -> None:
    (places.folder / "in-force").symlink_to(FIRST)
    places.trial.write_text(SECOND + "\n")
    assert (places.chosen(), places.in_force()) == (SECOND, FIRST)
    places.trial.write_text("none\n")
    assert places.chosen() == ""


@pytest.mark.parametrize("text", ["", "../../etc", "g-" + "3" * 16, "g-x", "\xff", "x" * 5000])
def test_a_trial_of_nothing_known_is_none(places: SetPlaces, text: str) -> None:
    (places.folder / "in-force").symlink_to(FIRST)
    places.trial.write_text(text, encoding="latin-1")
    assert places.chosen() == FIRST


@pytest.mark.parametrize("target", ["/etc", "..", "g-" + "3" * 16])
def test_a_link_to_elsewhere_is_none(places: SetPlaces, target: str) -> None:
    (places.folder / "in-force").symlink_to(target)
    assert places.chosen() == ""


def test_another_engine_begins_with_none(tmp_path: Path) -> None:
    """One of a later image may end at a rule that the one before took."""
    (tmp_path / "usr/sbin").mkdir(parents=True)
    found = []
    for content in (b"one", b"another"):
        (tmp_path / "usr/sbin/snort").write_bytes(content)
        found.append(folder_of(tmp_path, "snort", tmp_path))
    assert found[0] != found[1] == folder_of(tmp_path, "snort", tmp_path)
    assert all(each.name.startswith("snort-") for each in found)


def test_classes_come_before_rules(tmp_path: Path) -> None:
    for name in ("z.rules", "a.rules", "classes.config", "about.json"):
        (tmp_path / name).touch()
    assert engine_files(tmp_path, Path("/x")) == [
        "/x/classes.config", "/x/a.rules", "/x/z.rules"
    ]  # fmt: skip
    assert engine_files(tmp_path / "gone", Path("/x")) == []
