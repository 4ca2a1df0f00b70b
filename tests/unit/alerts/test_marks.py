# SPDX-License-Identifier: MIT
"""What the owner marked, and that it can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.alerts import marks
from appliance.alerts.alike import AlikeKey
from appliance.alerts.marks import AWAY_S, MOST_ACTIONS, MarkBook, OwnerVisit, RowMark

ONE, TWO = AlikeKey(1, 1, "a", "b"), AlikeKey(1, 2, "a", "b")


@pytest.fixture
def book(tmp_path: Path) -> MarkBook:
    return MarkBook(tmp_path)


def test_marks_last(book: MarkBook, tmp_path: Path) -> None:
    assert book.all() == {}
    assert book.last() is None
    done = book.set({ONE: RowMark(5, 5, "mine"), TWO: RowMark(3)}, "2 rows")
    again = MarkBook(tmp_path)
    assert again.all() == {ONE: RowMark(5, 5, "mine"), TWO: RowMark(3)}
    assert again.last() == done


def test_undo_brings_back_what_was_before(book: MarkBook) -> None:
    book.set({ONE: RowMark(5)}, "first")
    second = book.set({ONE: RowMark(9, 9), TWO: RowMark(9, 9)}, "second")
    assert book.undo(second.id)
    assert book.all() == {ONE: RowMark(5)}
    assert not book.undo(second.id)
    assert book.all() == {ONE: RowMark(5)}


def test_only_the_last_actions_can_be_undone(book: MarkBook) -> None:
    actions = [book.set({ONE: RowMark(number)}, "") for number in range(1, MOST_ACTIONS + 3)]
    assert not book.undo(actions[0].id)
    assert book.undo(actions[-1].id)


def test_the_oldest_marks_go_and_notes_stay(
    book: MarkBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "MOST_MARKS", 3)
    book.set({ONE: RowMark(1, 1, "a note")}, "")
    for sid in range(2, 6):
        book.set({ONE._replace(sid=sid): RowMark(1)}, "")
    assert sorted(key.sid for key in book.all()) == [1, 4, 5]


def test_a_visit_ends_after_a_while(book: MarkBook) -> None:
    assert book.visit(1000.0, 10) == OwnerVisit(0.0, 0)
    assert book.visit(1001.0, 11) == OwnerVisit(0.0, 0)
    assert book.visit(1000.0 + AWAY_S * 0.8, 12) == OwnerVisit(0.0, 0)
    later = 1000.0 + AWAY_S * 2
    assert book.visit(later, 20) == OwnerVisit(1000.0 + AWAY_S * 0.8, 12)
    assert book.visit(later + 60, 21) == OwnerVisit(1000.0 + AWAY_S * 0.8, 12)
    # The clock was set back.
    assert book.visit(5.0, 30) == OwnerVisit(later, 20)


def test_looking_writes_once_a_visit(book: MarkBook, tmp_path: Path) -> None:
    book.visit(1000.0, 10)
    file = tmp_path / marks.NAME
    written = file.stat().st_mtime_ns
    book.visit(1010.0, 11)
    book.all()
    assert file.stat().st_mtime_ns == written


def test_a_damaged_book_is_begun_anew(book: MarkBook, tmp_path: Path) -> None:
    book.set({ONE: RowMark(5)}, "")
    (tmp_path / marks.NAME).write_bytes(b"no database" * 1000)
    assert book.all() == {}
    book.set({ONE: RowMark(6)}, "")
    assert book.all() == {ONE: RowMark(6)}
