# SPDX-License-Identifier: MIT
"""minidlna's configuration, rendered."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.films import minidlna
from appliance.settings import config
from appliance.settings.sections.media import MediaConfig

IDENTITY = uuid.UUID("00000000-0000-0000-0000-000000000001")
RENDERED = """\
port=8200
friendly_name=Familie Müller's Kiste
uuid=00000000-0000-0000-0000-000000000001
media_dir=VA,/run/glovebox-films/films
db_dir=/run/glovebox-films/database
log_dir=/run/glovebox-films/database
root_container=B
notify_interval=120
max_connections=64
inotify=yes
wide_links=yes
strict_dlna=no
enable_tivo=no
"""


def test_render_fills_in_the_settings() -> None:
    settings = MediaConfig(name="Familie Müller's Kiste", kinds=("video", "audio"))
    assert minidlna.render(settings, IDENTITY) == RENDERED


def test_render_by_kind_instead_of_folders() -> None:
    assert "root_container=.\n" in minidlna.render(MediaConfig(folders=False), IDENTITY)


def test_identity_stays_with_the_machine(tmp_path: Path) -> None:
    serial = tmp_path / "serial-number"
    card = tmp_path / "eth0"
    (card / "device").mkdir(parents=True)
    (card / "address").write_text("02:00:00:00:00:01\n")
    (tmp_path / "tzsp0").mkdir()
    (tmp_path / "tzsp0/address").write_text("12:34:56:78:9a:bc\n")
    by_card = minidlna.identity(serial, tmp_path)
    (tmp_path / "tzsp0/address").write_text("de:ad:be:ef:00:00\n")
    assert minidlna.identity(serial, tmp_path) == by_card
    serial.write_text("10000000a1b2c3d4\0")
    by_serial = minidlna.identity(serial, tmp_path)
    assert by_serial != by_card
    card.joinpath("address").write_text("02:00:00:00:00:02\n")
    assert minidlna.identity(serial, tmp_path) == by_serial


def test_identity_without_anything_is_one_too(tmp_path: Path) -> None:
    assert minidlna.identity(tmp_path / "none", tmp_path) == minidlna.identity(
        tmp_path / "no", tmp_path
    )


def test_main_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda: (config.Config(), []))
    assert minidlna.main(["--directory", str(tmp_path)]) == 0
    assert "friendly_name=Glovebox\n" in (tmp_path / "minidlna.conf").read_text()


def test_main_leaves_no_file_where_films_are_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = config.Config(media=MediaConfig(enabled=False))
    monkeypatch.setattr(config, "load", lambda: (off, []))
    (tmp_path / "minidlna.conf").write_text("of a time before")
    assert minidlna.main(["--directory", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []


def test_main_says_where_it_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda: (config.Config(), []))
    with pytest.raises(InputError, match="No such file"):
        minidlna.main(["--directory", str(tmp_path / "absent")])
