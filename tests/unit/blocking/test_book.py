# SPDX-License-Identifier: MIT
"""The book of blocks outlives its process, and a damaged one is begun anew."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

from appliance.blocking.book import REMEMBERED_S, TABLES, Block, Book

NETWORK = ip_network("45.66.77.88/32")
BLOCK = Block(NETWORK, "in", 1000.0, 4600.0, "alerts", "1:2", "an attack", "attacked from outside")


def test_what_runs_is_there_again(tmp_path: Path) -> None:
    first = Book(tmp_path / "blocks.db")
    noted = first.add(BLOCK)
    first.change(noted.id, 9000.0)
    first.close()
    again = Book(tmp_path / "blocks.db")
    (found,) = again.running(5000.0)
    assert (found.network, found.until, found.id) == (NETWORK, 9000.0, noted.id)
    assert again.running(9001.0) == []


def test_what_was_lifted_neither_runs_nor_counts(tmp_path: Path) -> None:
    book = Book(tmp_path / "blocks.db")
    lifted = book.add(BLOCK)
    book.lift(lifted.id, 1200.0)
    book.add(BLOCK)
    assert len(book.running(1500.0)) == 1
    assert [each.id for each in book.lifted(1500.0)] == [lifted.id]
    assert book.lifted(5000.0) == []
    assert book.earlier(NETWORK, 2000.0) == 1
    assert book.earlier(NETWORK, 2000.0 + REMEMBERED_S) == 0
    assert book.earlier(ip_network("8.8.8.8/32"), 2000.0) == 0


def test_what_is_over_is_told_the_newest_first(tmp_path: Path) -> None:
    book = Book(tmp_path / "blocks.db")
    lifted, ran = book.add(BLOCK), book.add(replace(BLOCK, until=2000.0))
    book.add(replace(BLOCK, until=9000.0))
    book.lift(lifted.id, 1200.0)
    found = book.over(3000.0, 9)
    assert [(each.id, each.ended) for each in found] == [(ran.id, None), (lifted.id, 1200.0)]
    assert len(book.over(3000.0, 1)) == 1


def test_a_book_of_before_is_opened(tmp_path: Path) -> None:
    old = TABLES.replace(",\n    ended REAL", "")
    with contextlib.closing(sqlite3.connect(tmp_path / "blocks.db")) as connection:
        connection.executescript(f"{old} PRAGMA user_version = 1;")
        values = ("45.1.1.1/32", "in", 1.0, 2.0, "lifted", "you", "", "", "")
        connection.execute(f"INSERT INTO block VALUES (NULL{', ?' * 9})", values)
        connection.commit()
    book = Book(tmp_path / "blocks.db")
    (found,) = book.over(9.0, 9)
    assert (found.until, found.ended) == (2.0, None)
    assert book.add(BLOCK).id == 2


def test_never_again_is_for_good(tmp_path: Path) -> None:
    book = Book(tmp_path / "blocks.db")
    book.add_never(NETWORK)
    book.add_never(NETWORK)
    book.close()
    again = Book(tmp_path / "blocks.db")
    assert again.never() == {NETWORK}
    again.remove_never(NETWORK)
    assert again.never() == frozenset()


def test_a_damaged_book_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "blocks.db").write_bytes(b"no database" * 1000)
    assert Book(tmp_path / "blocks.db").running(0.0) == []
    assert list(tmp_path.glob("blocks.db.corrupt-*"))
