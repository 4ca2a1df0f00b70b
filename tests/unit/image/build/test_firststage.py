# SPDX-License-Identifier: MIT
"""The firmware's part of a start, as far as it can be seen without a Pi."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InputError
from image.build import boards
from image.build.firststage import BootConfig, boot_offset, parse


def test_parse_reads_what_the_board_says() -> None:
    config = (boards.BOARDS / "pi" / "boot" / "config.txt").read_text()
    assert parse(config) == BootConfig("vmlinuz", "initrd.img", "cmdline.txt")


def test_parse_of_a_file_that_names_no_kernel() -> None:
    with pytest.raises(InputError, match="kernel is missing"):
        parse("initramfs initrd.img followkernel\ncmdline=cmdline.txt\n")


def test_parse_does_not_guess_at_conditions() -> None:
    with pytest.raises(InputError, match="conditions"):
        parse("[pi4]\nkernel=other\n")


def test_every_line_of_the_config_fits_the_firmware() -> None:
    """The firmware ignores what is behind 98 characters (documentation of config.txt)."""
    for file in (boards.BOARDS / "pi").rglob("boot/*.txt"):
        assert max(map(len, file.read_text().splitlines())) <= 98, file


def test_boot_offset_reads_the_first_entry_of_the_table(tmp_path: Path) -> None:
    sector = bytearray(512)
    sector[446 + 8 : 446 + 12] = (8192).to_bytes(4, "little")
    (tmp_path / "disk.img").write_bytes(sector)
    assert boot_offset(tmp_path / "disk.img") == 4 << 20
