# SPDX-License-Identifier: MIT
"""What is looked at in a state that a cut could leave."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from image.cuts.crashpoints import Mark, look_at_alerts, look_at_password

OLD, NEW = "scrypt:1$a$b\n", "scrypt:1$c$d\n"
KNOWN = [Mark(1, OLD.strip(), 3), Mark(2, NEW.strip(), 7)]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (NEW, []),
        # A change that was on its way and not confirmed yet.
        ("scrypt:1$e$f\n", []),
        (OLD, ["a password that was confirmed is lost"]),
        (NEW.strip(), ["the password's file holds 'scrypt:1$c$d'"]),
        ("", ["the password's file holds ''"]),
    ],
)
def test_look_at_password(text: str, wrong: list[str], tmp_path: Path) -> None:
    (tmp_path / "password").write_text(text)
    assert look_at_password(tmp_path / "password", KNOWN) == wrong


def test_look_at_password_misses_the_file(tmp_path: Path) -> None:
    assert look_at_password(tmp_path / "password", KNOWN) == ["the password's file holds ''"]


def stored(file: Path, newest: int) -> Path:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE alert (id INTEGER PRIMARY KEY)")
        database.executemany("INSERT INTO alert VALUES (?)", [(n,) for n in range(1, newest + 1)])
    return file


@pytest.mark.parametrize(("newest", "wrong"), [(7, 0), (8, 0), (6, 1), (0, 1)])
def test_look_at_alerts_wants_all_that_were_shown(newest: int, wrong: int, tmp_path: Path) -> None:
    assert len(look_at_alerts(stored(tmp_path / "alerts.db", newest), KNOWN[-1])) == wrong


def test_look_at_alerts_reports_a_torn_database(tmp_path: Path) -> None:
    file = stored(tmp_path / "alerts.db", 2000)
    content = bytearray(file.read_bytes())
    content[4096:8192] = bytes(4096)
    file.write_bytes(content)
    (wrong,) = look_at_alerts(file, KNOWN[-1])
    assert wrong.startswith("alerts.db: ")
