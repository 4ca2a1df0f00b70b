# SPDX-License-Identifier: MIT
"""Each configuration is kept as it was, within its budget."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from appliance.changes import versions
from appliance.changes.versions import VersionReader, VersionStore
from appliance.store.database import StoreDamagedError, StoreError

SAID = ("filter rule changed by admin", "another")


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    kept = VersionStore(tmp_path / "h.db")
    assert kept.latest() is None
    kept.add(1.0, "/a\n", "", ())
    kept.add(2.0, "/a\n/b \udcff\n", "admin", SAID)
    latest = kept.latest()
    assert latest is not None and latest[1] == "/a\n/b \udcff\n"
    reader = VersionReader(tmp_path / "h.db")
    new, first = reader.versions(9)
    assert (new.time, new.who, new.said) == (2.0, "admin", SAID)
    assert reader.texts(new.id) == ("/a\n", "/a\n/b \udcff\n")
    assert reader.texts(first.id) == ("", "/a\n")
    assert reader.texts(99) is None and reader.one(99) is None and reader.one(new.id) == new
    assert [text for _, text in reader.after(0)] == ["/a\n", "/a\n/b \udcff\n"]
    assert [version.id for version, _ in reader.after(first.id)] == [new.id]
    kept.close()


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MOST", 5)
    kept = VersionStore(tmp_path / "h.db")
    for number in range(9):
        kept.add(float(number), f"/{number}\n", "x", ())
    assert kept.count() == 5
    assert [each.time for each in VersionReader(tmp_path / "h.db").versions(9)] == [8, 7, 6, 5, 4]
    monkeypatch.setattr(versions, "MOST_BYTES", 3000)
    chance = random.Random(1)
    for number in range(3):
        kept.add(float(number), chance.randbytes(1000).hex(), "x", ())
    assert kept.count() < 5
    # One that is too large alone is the newest all the same.
    kept.add(9.0, chance.randbytes(9000).hex(), "x", ())
    assert kept.count() == 1
    kept.close()


def test_a_damaged_one_is_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "h.db"
    file.write_bytes(b"no database" * 100)
    kept = VersionStore(file)
    kept.add(1.0, "/a\n", "", ())
    assert kept.count() == 1 and list(tmp_path.glob("h.db.corrupt-*"))
    kept._connection.execute("UPDATE version SET content = x'00'")
    with pytest.raises(StoreDamagedError):
        kept.latest()
    kept.close()


def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not there"):
        VersionReader(versions.file_of("home", tmp_path)).versions(1)
