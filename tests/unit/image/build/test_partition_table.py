# SPDX-License-Identifier: MIT
"""The partition table of a disk, against what sfdisk(8) writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from image.build.partition_table import Part, first, partitions

TABLE = """\
label: dos
start=2048, size=2048, type=c
start=4096, size=4096, type=83
start=8192, size=16384, type=5
start=10240, size=2048, type=83
start=14336, size=2048, type=83
"""


def test_partitions_finds_primary_and_logical_ones(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(20 << 20))
    subprocess.run(["sfdisk", "-q", disk], input=TABLE, text=True, check=True)
    sectors = [(kind, part.start // 512, part.size // 512) for kind, part in partitions(disk)]
    assert sectors == [
        (0x0C, 2048, 2048), (0x83, 4096, 4096), (0x83, 10240, 2048), (0x83, 14336, 2048)
    ]  # fmt: skip


def test_the_first_is_found_on_a_disk_that_is_cut_off(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(20 << 20))
    subprocess.run(["sfdisk", "-q", disk], input=TABLE, text=True, check=True)
    disk.write_bytes(disk.read_bytes()[: 4096 * 512])
    assert first(disk) == Part(2048 * 512, 2048 * 512)
