# SPDX-License-Identifier: MIT
"""Network interfaces, from trees like the kernel's, and the machine's own loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.host import links
from appliance.host.links import Interface, Link


def made(root: Path, name: str = "x", **files: str) -> Path:
    """Make an interface as sysfs shows it; return the folder of them all."""
    folder = root / name
    (folder / "statistics").mkdir(parents=True)
    usual = {"flags": "0x10c3", "mtu": "65535", "uevent": f"INTERFACE={name}"}
    for file, text in {**usual, **files}.items():
        (folder / file).write_text(f"{text}\n")
    (folder / "statistics/tx_packets").write_text("42\n")
    return root


@pytest.mark.parametrize(("flags", "expected"), [("0x1003", Link.UP), ("0x1002", Link.DOWN)])
def test_state_reads_the_up_flag(tmp_path: Path, flags: str, expected: Link) -> None:
    assert links.state("x", made(tmp_path, flags=flags)) is expected


def test_state_of_loopback() -> None:
    assert links.state("lo") is (Link.UP if links.look("lo").up else Link.DOWN)


@pytest.mark.parametrize("name", ["nosuch0", "", ".", "..", "../net/lo", "lo/", "lo\0"])
def test_state_of_what_is_no_interface(name: str) -> None:
    assert links.state(name) is Link.MISSING


def test_look_reads_what_the_kernel_shows(tmp_path: Path) -> None:
    found = links.look("x", made(tmp_path))
    assert found == Interface("x", present=True, up=True, kind="", mtu=65535, packets=42)


def test_look_tells_down_from_missing(tmp_path: Path) -> None:
    tree = made(tmp_path, flags="0x1002")
    assert not links.look("x", tree).up
    assert links.look("x", tree).present
    assert links.look("y", tree) == Interface("y", present=False)


def test_look_tells_what_is_no_dummy(tmp_path: Path) -> None:
    made(tmp_path, "bridge", uevent="DEVTYPE=bridge\nINTERFACE=x")
    (made(tmp_path, "card") / "card/device").mkdir()
    assert links.look("bridge", tmp_path).kind == "bridge"
    assert links.look("card", tmp_path).kind == "network card"


def test_interface_of_this_machine_can_be_read() -> None:
    assert links.look("lo").present
    assert links.number("lo") == 1
    assert links.mac_address("lo") == bytes(6)


def test_what_is_missing_has_no_number_and_no_address(tmp_path: Path) -> None:
    assert links.number("x", tmp_path) is None
    assert links.mac_address("x", tmp_path) == b""


def test_mac_address_is_read(tmp_path: Path) -> None:
    tree = made(tmp_path, address="02:00:00:00:00:1f")
    assert links.mac_address("x", tree) == bytes.fromhex("02000000001f")


def test_cards_are_those_with_hardware(tmp_path: Path) -> None:
    for name in ("wlan0", "eth0", "tzsp0"):
        made(tmp_path, name)
    for name in ("wlan0", "eth0"):
        (tmp_path / name / "device").mkdir()
    assert links.cards(tmp_path) == ("eth0", "wlan0")


@pytest.mark.parametrize("mark", ["wireless", "phy80211"])
def test_wireless_is_known_by_either_mark(tmp_path: Path, mark: str) -> None:
    tree = made(tmp_path)
    assert not links.is_wireless("x", tree)
    (tree / "x" / mark).mkdir()
    assert links.is_wireless("x", tree)


def test_carrier_of_what_is_down_or_missing_is_none(tmp_path: Path) -> None:
    tree = made(tmp_path, carrier="1", carrier_up_count="3")
    assert links.has_carrier("x", tree)
    assert links.link_ups("x", tree) == 3
    assert not links.has_carrier("y", tree)
    assert links.link_ups("y", tree) == 0


def test_a_machine_is_known_by_its_lowest_address_and_a_port_by_its_own(tmp_path: Path) -> None:
    made(tmp_path, "lo", address="00:00:00:00:00:00")
    made(tmp_path, "eth0", address="02:00:00:00:00:09")
    made(tmp_path, "eth1", address="02:00:00:00:00:04")
    made(tmp_path, "tun0")
    assert links.lowest_address(tmp_path) == bytes.fromhex("020000000004")
    assert links.named(bytes.fromhex("020000000009"), tmp_path) == "eth0"
    assert links.named(bytes.fromhex("020000000001"), tmp_path) == ""
    assert links.named(bytes(6), tmp_path) == ""


def test_a_machine_without_ports_has_no_address(tmp_path: Path) -> None:
    assert links.lowest_address(tmp_path) == b""
