# SPDX-License-Identifier: MIT
"""Whoever owns files on the DATA partition finds them his own in every image."""

from __future__ import annotations

import re

import pytest

from appliance.reset import OF_PEOPLE
from tests.conftest import PROJECT

DATA = "/var/lib/glovebox/"
LINES = (PROJECT / "systemd/tmpfiles.d/glovebox.conf").read_text().splitlines()
# Settings, secrets, channels, others' lists, the time, what a router's settings were, which rules
# say less.
TELL_NOTHING = {
    *("console", "fetched", "fetched/rules", "intel", "notify-send", "rulesets"),
    *("accepted", "page-settings", "probation", "quiet", "router", "rules.d", "settings"),
    *("ssh", "time", "web", "zone"),
}
USERS = (PROJECT / "systemd/sysusers.d/glovebox.conf").read_text()


def entries(kind: str) -> dict[str, tuple[str, str]]:
    """Return user and group of each folder on DATA that lines of a kind name (tmpfiles.d(5))."""
    words = [line.split() for line in LINES if line.startswith(f"{kind} {DATA}")]
    return {place: (user, group) for _, place, _, user, group, _ in words}


def owned() -> dict[str, tuple[str, str]]:
    """Return the folders on DATA that belong to services."""
    return {place: names for place, names in entries("d").items() if names != ("root", "root")}


def number(name: str) -> int | None:
    """Return the fixed number of a user or group (sysusers.d(5)); None where it has none."""
    found = re.search(rf"^[ug] {name} (\d+)\b", USERS, re.MULTILINE)
    return int(found[1]) if found else None


def test_folders_of_services_are_found() -> None:
    assert {f"{DATA}alerts", f"{DATA}web", f"{DATA}settings"} <= owned().keys()


def test_of_each_folder_it_is_decided_whether_it_tells_of_people() -> None:
    """What does goes with the personal data that the owner deletes."""
    parts = {place.removeprefix(DATA) for place in entries("d")}
    assert parts == {path.parts[0] for path in OF_PEOPLE} | TELL_NOTHING


# Who reaches the Internet, or reads what strangers send or give, and what of people it works with.
SEES = {
    "fetch": set[str](), "notify-send": set[str](), "renewal": set[str](), "intel": set[str](),
    "receiver": set[str](), "questions@": {"flowstore"}, "flows": {"flows"}, "logs": {"logs"},
    "flowstore": {"flowstore"}, "flowstore-rest": {"flowstore"}, "devices": {"devices"},
    "glow": {"logs"}, "evidence": {"alerts", "evidence"}, "zone": set[str](),
}  # fmt: skip
RUNS_OF_PEOPLE = ("evidence", "logs", "intel", "flows", "glow", "ids/spool")
SEES_OF_RUN = {
    "renewal": {"ids/spool"}, "intel": {"intel"}, "flows": {"flows", "intel"}, "logs": {"logs"},
    "flowstore": {"flows"}, "flowstore-rest": {"flows"}, "glow": {"glow", "logs"},
    "evidence": {"evidence"},
}  # fmt: skip


def hidden_from(unit: str) -> set[str]:
    """Return the paths that a unit cannot see (InaccessiblePaths= in systemd.exec(5))."""
    text = (PROJECT / f"systemd/system/glovebox-{unit}.service").read_text()
    lines = re.findall(r"^InaccessiblePaths=(.*)$", text, re.MULTILINE)
    return {word.removeprefix("-") for line in lines for word in line.split()}


@pytest.mark.parametrize("folder", sorted({path.parts[0] for path in OF_PEOPLE}))
@pytest.mark.parametrize("unit", SEES)
def test_who_meets_strangers_sees_of_people_only_what_it_works_with(unit: str, folder: str) -> None:
    assert (f"{DATA}{folder}" in hidden_from(unit)) is (folder not in SEES[unit])


@pytest.mark.parametrize("folder", RUNS_OF_PEOPLE)
@pytest.mark.parametrize("unit", SEES)
def test_who_meets_strangers_sees_in_memory_only_what_it_works_with(unit: str, folder: str) -> None:
    is_seen = folder in SEES_OF_RUN.get(unit, set())
    assert (f"/run/glovebox-{folder}" in hidden_from(unit)) is not is_seen


def test_packets_are_for_the_page_alone() -> None:
    assert owned()[f"{DATA}evidence"] == ("glovebox-evidence", "glovebox-web")


@pytest.mark.parametrize("place", owned())
def test_what_is_inside_goes_back_to_its_owner(place: str) -> None:
    """An image of before may have had other numbers."""
    assert entries("Z")[place] == owned()[place]


@pytest.mark.parametrize("place", owned())
def test_owner_has_a_number_for_good(place: str) -> None:
    for name in owned()[place]:
        assert name == "root" or number(name), f"{name}: wants a number in sysusers.d"


def test_numbers_differ_and_are_nobody_elses() -> None:
    """adduser gives numbers from 100 upwards, systemd from 999 downwards."""
    fixed = [int(each) for each in re.findall(r"^[ug] \S+ (\d+)\b", USERS, re.MULTILINE)]
    assert len(set(fixed)) == len(fixed)
    assert all(500 <= each < 700 for each in fixed)
