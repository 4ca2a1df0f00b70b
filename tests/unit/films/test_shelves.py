# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.films import shelves
from appliance.films.shelves import DELETED, DriveFolder, Shelf, choose


def folder(name: str, *files: int, others: tuple[str, ...] = ()) -> DriveFolder:
    """Return a folder of media files with these costs."""
    made = DriveFolder(name)
    for number, cost in enumerate(files):
        made.add(f"{number}.avi", cost)
    for other in others:
        made.add(other, None)
    return made


def drive(*folders: DriveFolder, top: DriveFolder | None = None) -> DriveFolder:
    made = top or DriveFolder()
    for each in folders:
        made.adopt(each)
    return made


def test_what_fits_is_linked_to_as_it_is() -> None:
    found = drive(folder("A", 10, 10), folder("B", 10))
    assert choose(found, 30) == Shelf(("",), 3, 3, 30)
    assert choose(DriveFolder(), 0) == Shelf(("",), 0, 0, 0)


def test_what_was_deleted_is_left_out_and_all_else_stays() -> None:
    found = drive(folder("A", 10), top=folder("", 5, others=("0.srt",)))
    found.has_deleted = True
    assert choose(found, 100) == Shelf(("0.avi", "0.srt", "A"), 2, 2, 15)


def test_of_what_is_too_much_as_much_is_listed_as_fits() -> None:
    found = drive(folder("A", 10, 10), folder("B", 10, 10, 10), folder("C", 10))
    assert choose(found, 40) == Shelf(("A", "B/0.avi", "B/1.avi"), 4, 6, 40)
    assert choose(found, 0) == Shelf((), 0, 6, 0)


def test_links_end_before_memory_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MOST_LINKS", 2)
    assert choose(folder("", 1, 1, 1, 1), 3).links == ("0.avi", "1.avi")


costs = st.lists(st.lists(st.integers(1, 50), max_size=8), max_size=6)


@given(costs, st.integers(0, 400))
def test_never_more_than_fits_and_every_file_counted(found: list[list[int]], room: int) -> None:
    made = drive(*(folder(f"F{number}", *files) for number, files in enumerate(found)))
    shelf = choose(made, room)
    assert shelf.cost <= room
    assert shelf.listed <= shelf.total == sum(map(len, found))
    # Never nothing, where one file fits.
    if any(cost <= room for files in found for cost in files):
        assert shelf.listed > 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.AVI", "video"), ("b.mp4", "video"), ("c.Mp3", "audio"), ("d.jpeg", "image"),
     ("e.txt", ""), ("avi", ""), ("f.", ""), ("", "")],
)  # fmt: skip
def test_kind_of_a_file(name: str, kind: str) -> None:
    assert shelves.kind_of(name) == kind


def test_a_file_with_a_longer_name_costs_more() -> None:
    short, long = (shelves.cost_of(b"/films/" + name.encode(), name) for name in ("a.avi", "ü.avi"))
    assert short is not None and long is not None and short < long
    assert shelves.cost_of(b"/films/a.srt", "a.srt") is None


@pytest.mark.parametrize(
    "name",
    ["$RECYCLE.BIN", "$Recycle.Bin", "RECYCLER", "FOUND.000", "found.017", "lost+found",
     "LOST.DIR", "#recycle", "@Recycle", "@recycle_bin", "System Volume Information"],
)  # fmt: skip
def test_deleted_is_what_systems_keep_of_it(name: str) -> None:
    assert DELETED.fullmatch(name)


@pytest.mark.parametrize("name", ["Found.Footage", "Recycling", "FOUND.0001", "Lost"])
def test_a_folder_of_the_owners_is_not(name: str) -> None:
    assert not DELETED.fullmatch(name)
