"""Leases made ready: what the disk holds after each way of dying."""

from __future__ import annotations

from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from appliance.errors import GloveboxError, InterfaceError
from appliance.kit.dhcp import leases
from appliance.kit.dhcp.prepare import address, main, prepare, write_durably
from tests.unit.kit.dhcp.test_leases import TEXT


def ready(file: Path) -> list[str]:
    prepare(file, now=1_000_000, hours=12, most=250)
    return [lease.station for lease in leases.parse(file.read_text())]


def test_prepare_of_nothing(tmp_path: Path) -> None:
    assert ready(tmp_path / "eth0.leases") == []


def test_prepare_puts_back_an_emptied_file(tmp_path: Path) -> None:
    file = tmp_path / "eth0.leases"
    file.write_text(TEXT)
    before = ready(file)
    file.write_text("")
    assert ready(file) == before
    assert len(before) == 2


def test_prepare_puts_back_a_file_that_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "eth0.leases"
    file.write_text(TEXT)
    before = ready(file)
    file.write_text(file.read_text()[:40])
    assert sorted(ready(file)) == sorted(before)


def test_prepare_says_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(GloveboxError, match="leases cannot be kept"):
        prepare(tmp_path / "missing" / "eth0.leases", now=0, hours=1, most=9)


def test_write_durably_leaves_nothing_else(tmp_path: Path) -> None:
    write_durably(tmp_path / "a.leases", "x\n")
    assert [each.name for each in tmp_path.iterdir()] == ["a.leases"]


def test_address_on_an_interface_that_is_not_there() -> None:
    with pytest.raises(InterfaceError, match="ip address replace"):
        address("replace", IPv4Interface("10.77.0.1/24"), "absent0")


def test_main_wants_an_interface() -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
