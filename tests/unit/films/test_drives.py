# SPDX-License-Identifier: MIT
"""What is plugged in, from trees of files like the kernel's and udev's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.films import drives
from appliance.reports.films import Drive

MOUNTS = "40 22 8:17 / /run/media/sdb1 ro,nosuid shared:7 - vfat /dev/sdb1 ro\n"


def block(root: Path, name: str, number: str, sectors: int, **known: str) -> None:
    """Make a block device as sysfs and udev show it."""
    folder = root / "sys/class/block" / name
    folder.mkdir(parents=True)
    (folder / "dev").write_text(f"{number}\n")
    (folder / "size").write_text(f"{sectors}\n")
    lines = ["S:disk/by-label/x", "I:123", *(f"E:{key}={value}" for key, value in known.items())]
    (root / "udev").mkdir(exist_ok=True)
    (root / "udev" / f"b{number}").write_text("\n".join(lines))


def found(root: Path) -> tuple[Drive, ...]:
    (root / "mounts").write_text(MOUNTS)
    return drives.plugged(root / "sys", root / "udev", root / "mounts")


def test_plugged_are_those_that_the_rules_marked(tmp_path: Path) -> None:
    block(tmp_path, "vda1", "254:1", 100, ID_FS_TYPE="ext4", ID_FS_LABEL_ENC="ROOT")
    block(tmp_path, "sdb1", "8:17", 2048, GLOVEBOX_DRIVE="1", ID_FS_TYPE="vfat",
          ID_FS_LABEL_ENC="F\\xc3\\x9cR\\x20UNS")  # fmt: skip
    block(tmp_path, "sdc1", "8:33", 4096, GLOVEBOX_DRIVE="1")
    assert found(tmp_path) == (
        Drive("sdb1", "FÜR UNS", "vfat", 1 << 20, mounted=True),
        Drive("sdc1", "USB sdc1", "", 2 << 20, mounted=False),
    )


def test_plugged_leaves_out_what_goes_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "sys/class/block/sdb1").mkdir(parents=True)
    assert found(tmp_path) == ()


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("FILME", "FILME"),
        ("", "USB sda1"),
        ("..", "USB sda1"),
        (".hidden", "hidden"),
        ("..\\x2f..\\x2fetc", "etc"),
        ("\\x0a\\x1b[31m", "[31m"),
        ("\\xe2\\x80\\xaegpj", "gpj"),
        ("\\xff\\xfe", "��"),
        ("фильмы", "фильмы"),
        ("映画", "映画"),
        ("a" * 99, "a" * drives.LONGEST_NAME),
        ("$(reboot)", "$(reboot)"),
    ],
)
def test_name_makes_a_label_harmless(label: str, name: str) -> None:
    assert drives.name({"ID_FS_LABEL_ENC": label}, "sda1") == name


@given(st.text())
def test_name_is_always_one_file_name(label: str) -> None:
    name = drives.name({"ID_FS_LABEL_ENC": label}, "sda1")
    assert 0 < len(name) <= drives.LONGEST_NAME
    assert name.isprintable() and "/" not in name and not name.startswith(".")
