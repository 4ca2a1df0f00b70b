# SPDX-License-Identifier: MIT
"""Who made a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.devices import vendors
from tests.conftest import missing

SAMPLE = """# blocks of 6, 7 and 9 digits

OUI:0000AA*

OUI:0055DA5*
 ID_OUI_FROM_DATABASE=Nano\x1b[1m Semi

OUI:70B3D5*
 ID_OUI_FROM_DATABASE=IEEE Registration Authority

OUI:70B3D5001*
 ID_OUI_FROM_DATABASE=SOREDI
"""


@pytest.mark.parametrize(
    ("station", "maker"),
    [
        ("70:b3:d5:00:1a:bc", "SOREDI"), ("70:b3:d5:ff:ff:ff", "IEEE Registration Authority"),
        ("00:55:da:5f:00:00", "Nano[1m Semi"), ("00:55:da:6f:00:00", ""),
        ("00:00:aa:00:00:00", ""), ("not one", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_smallest_block_tells(tmp_path: Path, station: str, maker: str) -> None:
    file = tmp_path / "20-OUI.hwdb"
    file.write_text(SAMPLE)
    assert vendors.vendor(station, file) == maker


def test_a_made_up_address_has_no_maker(tmp_path: Path) -> None:
    assert vendors.is_private("da:a1:19:00:00:01")
    assert not vendors.is_private("00:00:0c:00:00:01")
    assert vendors.vendor("02:00:0c:00:00:01") == ""


def test_without_the_register_nobody_is_known(tmp_path: Path) -> None:
    assert vendors.vendor("00:00:0c:00:00:02", tmp_path / "none") == ""
    (tmp_path / "empty").touch()
    assert vendors.vendor("00:00:0c:00:00:03", tmp_path / "empty") == ""


def test_debians_register_is_understood() -> None:
    if not vendors.DATABASE.exists():
        missing("no register of MAC addresses: apt-get install udev")
    assert vendors.vendor("00:00:0c:12:34:56") == "Cisco Systems, Inc"
    assert vendors.vendor("b8:27:eb:12:34:56").startswith("Raspberry Pi")


def test_every_block_of_debians_register_is_found() -> None:
    if not vendors.DATABASE.exists():
        missing("no register of MAC addresses: apt-get install udev")
    lines = vendors.DATABASE.read_text(encoding="utf-8").splitlines()
    blocks = [line[4:-1] for line in lines if line.startswith("OUI:")][::500]
    assert len(blocks) > 50
    for block in blocks:
        station = ":".join(block.lower().ljust(12, "0")[i : i + 2] for i in range(0, 12, 2))
        assert vendors.vendor(station) or vendors.is_private(station), block
