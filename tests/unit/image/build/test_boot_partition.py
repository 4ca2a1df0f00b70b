# SPDX-License-Identifier: MIT
"""The BOOT partition's files, taken from the packages."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build import boards, firststage
from image.build.boot_partition import matches, place, write, write_system

FILES = (
    "./boot/vmlinuz-6.12-arm64",
    "./boot/initrd.img-6.12-arm64",
    "./usr/lib/linux-image-6.12-arm64/broadcom/bcm2711-rpi-4-b.dtb",
    "./usr/lib/linux-image-6.12-arm64/broadcom/bcm2837-rpi-3-b.dtb",
    "./usr/lib/linux-image-6.12-arm64/overlays/miniuart-bt.dtbo",
    *(f"./usr/lib/raspi-firmware/{name}" for name in (
        "bootcode.bin", "start_cd.elf", "start4cd.elf", "fixup_cd.dat", "fixup4cd.dat",
    )),
)  # fmt: skip


def packages(folder: Path, names: tuple[str, ...]) -> Path:
    with tarfile.open(folder / "packages.tar", "w") as tar:
        for name in names:
            content = name.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return folder / "packages.tar"


def test_write_takes_what_the_board_starts_with(tmp_path: Path) -> None:
    board = boards.choose("pi", "debian")
    write(tmp_path, packages(tmp_path, FILES), board)
    assert (tmp_path / "bootcode.bin").exists()
    assert (tmp_path / "config.txt").exists()
    assert "upstream_kernel=1" in (tmp_path / "flavour.txt").read_text()
    assert not list(tmp_path.glob("*.dtb"))
    # The other system has no files yet: a trial of it is refused (appliance/update).
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("name", boards.names())
def test_what_a_new_card_holds_is_what_the_firmware_starts(tmp_path: Path, name: str) -> None:
    board = boards.choose(name, "debian")
    write(tmp_path, packages(tmp_path, FILES), board)
    config = firststage.choose(tmp_path, False, board.device_tree)
    assert config.prefix == "a/"
    for file in (config.kernel, config.initramfs, config.command_line):
        assert (tmp_path / config.place(file)).is_file()


def test_a_systems_own_files_are_in_one_folder(tmp_path: Path) -> None:
    board = boards.choose("pi", "debian")
    write_system(tmp_path / "b", packages(tmp_path, FILES), board)
    held = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert held - {"packages.tar"} == {
        "b/vmlinuz", "b/initrd.img", "b/cmdline.txt", "b/bcm2711-rpi-4-b.dtb",
        "b/bcm2837-rpi-3-b.dtb", "b/overlays/miniuart-bt.dtbo", "b/overlays/README",
    }  # fmt: skip
    assert (tmp_path / "b/vmlinuz").read_text() == "./boot/vmlinuz-6.12-arm64"
    assert (tmp_path / "b/cmdline.txt").read_text() == board.command_line + "\n"


def test_write_names_what_the_packages_lack(tmp_path: Path) -> None:
    names = tuple(name for name in FILES if "vmlinuz" not in name)
    with pytest.raises(InputError, match=r"have no boot/vmlinuz-\*"):
        write(tmp_path, packages(tmp_path, names), boards.choose("pi", "debian"))


def test_matches_keeps_within_a_folder() -> None:
    assert matches("./boot/vmlinuz-6", "boot/vmlinuz-*")
    assert not matches("./boot/vmlinuz-6/x", "boot/vmlinuz-*")
    assert not matches("./usr/boot/vmlinuz-6", "boot/vmlinuz-*")


def test_place_keeps_or_changes_the_name() -> None:
    assert place("./a/x.dtb", "") == "x.dtb"
    assert place("./a/x.dtbo", "overlays/") == "overlays/x.dtbo"
    assert place("./boot/vmlinuz-6", "vmlinuz") == "vmlinuz"
