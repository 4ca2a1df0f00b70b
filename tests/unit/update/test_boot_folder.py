# SPDX-License-Identifier: MIT
"""What a bundle brings for BOOT: whole or not taken for whole, and nothing but plain files."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance import files
from appliance.errors import DiskFullError, InputError
from appliance.host import systems
from appliance.host.systems import A, B
from appliance.update import boot_folder
from appliance.update.systems_here import UpdatePlaces, look
from tests.unit.image.build.roots_made_here import write_tar
from tests.unit.update.card_made_here import LINE, SIGNATURE, card, line_of

NEW: Mapping[str, str | bytes] = {
    "cmdline.txt": LINE + "\n", "initrd.img": "new initrd", "keyring.pem": "keys",
    "overlays/README": "read", "overlays/w1-gpio.dtbo": "overlay", "vmlinuz": "new kernel",
}  # fmt: skip


@pytest.fixture
def places(tmp_path: Path) -> UpdatePlaces:
    return card(tmp_path, A, B)


def write(tar: Path, places: UpdatePlaces) -> None:
    boot_folder.write(tar, places.boot, B, places.command_line.read_text())


def test_the_other_folder_has_what_the_bundle_brings_and_nothing_else(
    places: UpdatePlaces, tmp_path: Path
) -> None:
    (places.boot / "b" / "left over").touch()
    write(write_tar(tmp_path / "tar", NEW), places)
    folder = places.boot / "b"
    held = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert held == set(NEW)
    assert (folder / "vmlinuz").read_text() == "new kernel"
    assert (folder / "cmdline.txt").read_text() == line_of(B) + "\n"
    assert SIGNATURE in (folder / "cmdline.txt").read_text()
    assert look(places).whole == {A, B}


def test_the_other_system_is_not_whole_until_all_is_there(
    places: UpdatePlaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*words: object) -> None:
        raise OSError("the power went")

    (places.boot / systems.TRIAL_CONFIG).touch()
    monkeypatch.setattr(files, "write_durable", cut)
    with pytest.raises(OSError, match="power went"):
        write(write_tar(tmp_path / "tar", NEW), places)
    assert look(places).whole == {A}
    assert (places.boot / "b/vmlinuz").read_text() == "new kernel"
    assert not (places.boot / systems.TRIAL_CONFIG).exists()


@pytest.mark.parametrize(
    "name", ["../vmlinuz", "/etc/passwd", "a/b/c", "..", ".hidden", "overlays/../x", "x\n", "x y"]
)
def test_names_that_no_build_gives(places: UpdatePlaces, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no file"):
        write(write_tar(tmp_path / "tar", {**NEW, name: "x"}), places)
    assert look(places).whole == {A, B}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_what_is_no_file(places: UpdatePlaces, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "tar", "w") as tar:
        member = tarfile.TarInfo("vmlinuz")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(InputError, match="no file"):
        write(tmp_path / "tar", places)


def test_more_than_any_system_needs(places: UpdatePlaces, tmp_path: Path) -> None:
    many = {f"file{number}": "" for number in range(boot_folder.MOST_FILES)}
    with pytest.raises(InputError, match="more for BOOT"):
        write(write_tar(tmp_path / "many", {**many, **NEW}), places)
    with tarfile.open(tmp_path / "large", "w") as tar:
        member = tarfile.TarInfo("vmlinuz")
        member.size = boot_folder.MOST_BYTES + 1
        tar.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(InputError, match="more for BOOT"):
        write(tmp_path / "large", places)
    assert look(places).whole == {A, B}


@pytest.mark.parametrize(
    ("line", "told"), [(None, "no command line"), ("größe".encode(), "is no text")]
)
def test_a_command_line_that_is_none(
    places: UpdatePlaces, tmp_path: Path, line: bytes | None, told: str
) -> None:
    rest = {name: content for name, content in NEW.items() if name != "cmdline.txt"}
    held = rest if line is None else {**rest, "cmdline.txt": line}
    with pytest.raises(InputError, match=told):
        write(write_tar(tmp_path / "tar", held), places)


def test_a_full_boot_is_told(
    places: UpdatePlaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda boot: Full())
    with pytest.raises(DiskFullError, match="no room"):
        write(write_tar(tmp_path / "tar", NEW), places)
    assert look(places).whole == {A}


class Full:
    f_frsize, f_bavail = 512, 3
