# SPDX-License-Identifier: MIT
"""The firmware's part of a start, as far as it can be seen without a Pi."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.host import systems
from image.build import boards
from image.build.disk import make_fat
from image.build.firststage import BootConfig, boot_offset, choose, take
from image.build.tools import Tools
from tests.unit.image.build.roots_made_here import table

TREE = "bcm2837-rpi-3-b.dtb"
BARE = "kernel=vmlinuz\ninitramfs initrd.img followkernel\ncmdline=cmdline.txt\n"
OF_A, OF_B, OF_NONE = (
    BootConfig("vmlinuz", "initrd.img", "cmdline.txt", prefix) for prefix in ("a/", "b/", "")
)


def boot_of(folder: Path, files: Mapping[str, str]) -> Path:
    """Return a BOOT with two whole systems, and these files."""
    for system in systems.BOTH:
        (folder / system.name).mkdir(parents=True)
        for name in ("vmlinuz", "initrd.img", "cmdline.txt", TREE):
            (folder / system.name / name).write_text(f"{system.name}: {name}")
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def board_files(board: boards.Board) -> dict[str, str]:
    """Return what a board has on BOOT of ours."""
    folders = (board.folder / "boot", board.folder / board.flavour / "boot")
    return {file.name: file.read_text() for folder in folders for file in folder.glob("*")}


@pytest.mark.parametrize("flavour", boards.flavours("pi"))
def test_a_new_card_of_a_pi_starts_the_first_system(tmp_path: Path, flavour: str) -> None:
    boot = boot_of(tmp_path, board_files(boards.choose("pi", flavour)))
    assert choose(boot, False, TREE) == OF_A


def test_a_new_disk_of_the_emulated_pc_starts_the_first_system(tmp_path: Path) -> None:
    boot = boot_of(tmp_path, board_files(boards.choose("vm")))
    assert choose(boot, False, None) == OF_A


@pytest.mark.parametrize("flavour", boards.flavours("pi"))
def test_the_flag_has_tryboot_txt_read_once(tmp_path: Path, flavour: str) -> None:
    boot = boot_of(tmp_path, board_files(boards.choose("pi", flavour)))
    config = (boot / systems.CONFIG).read_bytes()
    (boot / systems.TRIAL_CONFIG).write_bytes(systems.naming(config, systems.B))
    assert choose(boot, True, TREE) == OF_B
    assert choose(boot, False, TREE) == OF_A


def test_the_flag_without_tryboot_txt_is_nothing_that_is_described(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tryboot.txt"):
        choose(boot_of(tmp_path, {"config.txt": f"{BARE}os_prefix=a/\n"}), True, TREE)


def test_autoboot_txt_has_config_txt_read_with_the_flag_too(tmp_path: Path) -> None:
    config = f"{BARE}os_prefix=a/\n[tryboot]\nos_prefix=b/\n[all]\n"
    boot = boot_of(tmp_path, {"autoboot.txt": "[all]\ntryboot_a_b=1\n", "config.txt": config})
    assert choose(boot, False, TREE) == OF_A
    assert choose(boot, True, TREE) == OF_B


@pytest.mark.parametrize(
    ("autoboot", "told"),
    [
        ("[all]\ntryboot_a_b=1\nboot_partition=1\n[tryboot]\nboot_partition=3\n", "another part"),
        (f"#{'x' * 512}\n", "larger than 512"),
        ("[pi4]\ntryboot_a_b=1\n", r"\[pi4\]"),
    ],
)
def test_an_autoboot_txt_that_is_not_understood(tmp_path: Path, autoboot: str, told: str) -> None:
    boot = boot_of(tmp_path, {"autoboot.txt": autoboot, "config.txt": BARE})
    with pytest.raises(InputError, match=told):
        choose(boot, True, TREE)


@pytest.mark.parametrize(
    ("lines", "prefix"),
    [
        ("[none]\nos_prefix=b/\n[all]\nos_prefix=a/\n", "a/"),
        ("os_prefix=a/\n[none]\n[tryboot]\nos_prefix=b/\n", "a/"),
        ("[tryboot]\nos_prefix=b/\n", ""),
        ("os_prefix=b/\nos_prefix=a/\n", "a/"),
        ("include more.txt\n", "b/"),
        ("[none]\ninclude more.txt\n[all]\n", ""),
        # Debian's kernel: a prefix of its own where none is named, and none without its files.
        ("upstream_kernel=1\n", ""),
        ("upstream_kernel=1\nos_prefix=a/\n", "a/"),
        ("os_prefix=c/\n", ""),
    ],
)
def test_prefix_in_force(tmp_path: Path, lines: str, prefix: str) -> None:
    boot = boot_of(tmp_path, {"config.txt": BARE + lines, "more.txt": "os_prefix=b/\n"})
    assert choose(boot, False, TREE).prefix == prefix


@pytest.mark.parametrize("lacking", ["vmlinuz", TREE])
def test_a_prefix_without_its_files_is_none(tmp_path: Path, lacking: str) -> None:
    boot = boot_of(tmp_path, {"config.txt": f"{BARE}os_prefix=b/\n"})
    (boot / "b" / lacking).unlink()
    assert choose(boot, False, TREE) == OF_NONE


def test_a_name_from_the_root_of_boot_has_no_prefix() -> None:
    assert OF_B.place("/common.img") == "common.img"
    assert OF_B.place("vmlinuz") == "b/vmlinuz"


def test_a_card_of_an_older_image_starts_its_one_system(tmp_path: Path) -> None:
    (tmp_path / "vmlinuz").write_text("kernel")
    (tmp_path / TREE).write_text("tree")
    (tmp_path / "config.txt").write_text(f"{BARE}include flavour.txt\n")
    (tmp_path / "flavour.txt").write_text("upstream_kernel=1\n")
    assert choose(tmp_path, False, TREE) == OF_NONE


def test_a_file_that_names_no_kernel(tmp_path: Path) -> None:
    (tmp_path / "config.txt").write_text("initramfs initrd.img followkernel\ncmdline=x\n")
    with pytest.raises(InputError, match="kernel is missing"):
        choose(tmp_path, False, None)


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    (tmp_path / "config.txt").write_text("include config.txt\n")
    with pytest.raises(InputError, match="includes itself"):
        choose(tmp_path, False, None)


def test_conditions_are_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "config.txt").write_text("[pi4]\nkernel=other\n")
    with pytest.raises(InputError, match="condition is not understood"):
        choose(tmp_path, False, None)


def test_every_line_of_the_config_fits_the_firmware() -> None:
    """The firmware ignores what is behind 98 characters (documentation of config.txt)."""
    for file in (boards.BOARDS / "pi").rglob("boot/*.txt"):
        assert max(map(len, file.read_text().splitlines())) <= 98, file


def test_boot_offset_reads_the_first_entry_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "disk.img").write_bytes(table(8192))
    assert boot_offset(tmp_path / "disk.img") == 4 << 20


@pytest.mark.parametrize(("tryboot", "name"), [(False, "a"), (True, "b")])
def test_take_brings_the_files_of_a_card(
    tools: Tools, tmp_path: Path, tryboot: bool, name: str
) -> None:
    boot = boot_of(tmp_path / "boot", board_files(boards.choose("pi", "debian")))
    config = (boot / systems.CONFIG).read_bytes()
    (boot / systems.TRIAL_CONFIG).write_bytes(systems.naming(config, systems.B))
    fat, disk = tmp_path / "fat", tmp_path / "disk.img"
    make_fat(tools, boot, "BOOT", "01234567", 40 << 20, fat, tmp_path / "log")
    with disk.open("wb") as whole, fat.open("rb") as part:
        whole.write(table(1))
        shutil.copyfileobj(part, whole)
    target = tmp_path / "taken"
    take(tools, disk, TREE, target, tmp_path / "log", tryboot)
    assert {file.name: file.read_text() for file in target.iterdir()} == {
        "vmlinuz": f"{name}: vmlinuz", "initrd.img": f"{name}: initrd.img",
        "cmdline": f"{name}: cmdline.txt", "device-tree": f"{name}: {TREE}",
    }  # fmt: skip
    assert not list(tmp_path.glob(".boot-*"))
