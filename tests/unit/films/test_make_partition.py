# SPDX-License-Identifier: MIT
"""The rest of the card as a partition, on real partition tables."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.errors import GloveboxError, InputError
from appliance.films.make_partition import (
    ALIGNMENT,
    LEAST,
    MOST,
    Space,
    free_space,
    partition_of,
    tell_kernel,
)

GIB = (1 << 30) // 512
# As on a Pi's card: BOOT, ROOT, and DATA as a logical partition.
CARD = """\
label: dos
start=8192, size=524288, type=c
start=532480, size=1000000, type=83
start=1540096, size=1060864, type=5
start=1542144, size=524288, type=83
"""


def table_of(folder: Path, script: str, gib: int = 4) -> str:
    """Return what sfdisk says of a disk partitioned by `script`."""
    disk = folder / "disk.img"
    with disk.open("wb") as stream:
        stream.truncate(gib << 30)
    subprocess.run(["sfdisk", "-q", disk], input=script, text=True, check=True)
    shown = subprocess.run(["sfdisk", "--json", disk], capture_output=True, text=True, check=True)
    return shown.stdout


@pytest.mark.slow
def test_free_space_is_what_is_left_of_the_card(tmp_path: Path) -> None:
    space = free_space(table_of(tmp_path, CARD), 4 * GIB)
    assert space is not None
    assert space.start >= 1540096 + 1060864
    assert space.start % ALIGNMENT == 0
    assert 4 * GIB - ALIGNMENT < space.start + space.size <= 4 * GIB


@pytest.mark.slow
def test_free_space_makes_a_table_that_sfdisk_takes_as_partition_4(tmp_path: Path) -> None:
    space = free_space(table_of(tmp_path, CARD), 4 * GIB)
    assert space is not None
    line = f"start={space.start}, size={space.size}, type=7\n"
    disk = tmp_path / "disk.img"
    subprocess.run(["sfdisk", "-q", "--append", disk], input=line, text=True, check=True)
    shown = subprocess.run(["sfdisk", "--json", disk], capture_output=True, text=True, check=True)
    assert f'"node": "{disk}4"' in shown.stdout
    assert free_space(shown.stdout, 4 * GIB) is None


@pytest.mark.slow
def test_free_space_on_a_card_that_is_full(tmp_path: Path) -> None:
    table = table_of(tmp_path, CARD)
    assert free_space(table, 1540096 + 1060864 + LEAST) is None


@pytest.mark.slow
def test_free_space_stays_within_what_the_table_can_count(tmp_path: Path) -> None:
    space = free_space(table_of(tmp_path, CARD), 1 << 33)
    assert space is not None
    assert space.start + space.size <= MOST


@pytest.mark.parametrize(
    "table", ["", "{}", "[]", '{"partitiontable": {"label": "gpt", "unit": "sectors"}}']
)
def test_free_space_of_another_kind_of_table(table: str) -> None:
    with pytest.raises(InputError, match="partition table"):
        free_space(table, GIB)


def test_free_space_of_an_empty_disk() -> None:
    table = '{"partitiontable": {"label": "dos", "unit": "sectors"}}'
    assert free_space(table, GIB) == Space(ALIGNMENT, GIB - ALIGNMENT)


@pytest.mark.parametrize(
    ("disk", "partition"), [("mmcblk0", "mmcblk0p4"), ("sda", "sda4"), ("nvme0n1", "nvme0n1p4")]
)
def test_partition_of(disk: str, partition: str) -> None:
    assert partition_of(Path("/dev") / disk, 4) == Path("/dev") / partition


@pytest.mark.net
def test_tell_kernel_makes_a_partition_that_is_in_no_table(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(64 << 20))
    command = ["losetup", "--find", "--show", "--partscan", str(disk)]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    loop = Path(made)
    try:
        tell_kernel(loop, 4, Space(8192, 16384))
        shown = Path(f"/sys/class/block/{loop.name}p4")
        assert (shown / "start").read_text() == "8192\n"
        assert (shown / "size").read_text() == "16384\n"
        with pytest.raises(GloveboxError, match="takes no partition"):
            tell_kernel(loop, 4, Space(8192, 16384))
        table = ["sfdisk", "--json", str(loop)]
        assert subprocess.run(table, capture_output=True, check=False).returncode != 0
    finally:
        subprocess.run(["losetup", "--detach", made], check=True)
