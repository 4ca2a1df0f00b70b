# SPDX-License-Identifier: MIT
"""Back to BOOT: what can be written is, what cannot is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import files
from appliance.reports import statusfile
from appliance.settings import writeback


def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    made = tuple(tmp_path / name for name in ("outbox", "boot", "status"))
    for folder in made:
        folder.mkdir()
    return made  # type: ignore[return-value]


def test_main_writes_and_removes(tmp_path: Path) -> None:
    outbox, boot, run = folders(tmp_path)
    (outbox / "glovebox.toml").write_bytes(b"new")
    (outbox / "glovebox-errors.txt").touch()
    (boot / "glovebox.toml").write_bytes(b"old")
    (boot / "glovebox-errors.txt").write_bytes(b"wrong")
    assert writeback.main(outbox, boot, run) == 0
    assert [(file.name, file.read_bytes()) for file in boot.iterdir()] == [
        ("glovebox.toml", b"new")
    ]
    assert list(outbox.iterdir()) == []
    assert statusfile.read("settings", run) is None


def test_main_tells_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox, boot, run = folders(tmp_path)
    (outbox / "a").write_bytes(b"x")
    (outbox / "b").write_bytes(b"y")
    statusfile.publish("settings", {"problems": ["before"], "notes": []}, run)
    write = files.write_durable

    def full(file: Path, content: bytes, mode: int) -> None:
        if file.name == "a":
            raise OSError(28, "No space left on device")
        write(file, content, mode)

    monkeypatch.setattr(files, "write_durable", full)
    assert writeback.main(outbox, boot, run) == 0
    assert (boot / "b").read_bytes() == b"y"
    told = statusfile.read("settings", run)
    assert told == {
        "problems": ["before", "a cannot be written to BOOT: No space left on device"],
        "notes": [],
    }
