# SPDX-License-Identifier: MIT
"""The files that let dnsmasq run: whole or not at all; leases after each way of dying."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.dhcp import leases
from appliance.dhcp.network import served
from appliance.dhcp.permission import Permission, keep
from appliance.settings.sections.dhcp import DhcpConfig
from tests.unit.dhcp.test_leases import TEXT


@pytest.fixture
def permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Permission:
    """Return one with a dnsmasq that takes every configuration but one for 13 hours."""
    program = tmp_path / "bin" / "dnsmasq"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ngrep -q 13h "${2#*=}" && echo bad option >&2 && exit 1\nexit 0\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    (tmp_path / "eth0").mkdir()
    return make(tmp_path, DhcpConfig())


def make(folder: Path, settings: DhcpConfig) -> Permission:
    return Permission("eth0", settings, served(settings, "eth0"), folder, folder)


def test_give_and_withdraw(permission: Permission, tmp_path: Path) -> None:
    assert permission.give() == ""
    assert "interface=eth0\n" in (tmp_path / "eth0" / "dnsmasq.conf").read_text()
    assert (tmp_path / "eth0.address").read_text() == "ADDRESS=10.77.0.1/24\n"
    assert (tmp_path / "eth0.leases").stat().st_mode & 0o777 == 0o664
    permission.withdraw()
    permission.withdraw()
    assert not (tmp_path / "eth0" / "dnsmasq.conf").exists()


@pytest.mark.usefixtures("permission")
def test_give_refuses_what_dnsmasq_refuses(tmp_path: Path) -> None:
    wrong = make(tmp_path, replace(DhcpConfig(), lease_hours=13))
    assert "bad option" in wrong.give()
    assert not wrong.given
    assert not (tmp_path / "eth0" / "dnsmasq.conf").exists()


def test_give_says_what_cannot_be_written(tmp_path: Path) -> None:
    assert "cannot be written" in make(tmp_path / "missing", DhcpConfig()).give()


def ready(file: Path) -> list[str]:
    keep(file, now=1_000_000, hours=12, most=250)
    return [lease.station for lease in leases.parse(file.read_text())]


def test_keep_of_nothing(tmp_path: Path) -> None:
    assert ready(tmp_path / "eth0.leases") == []


def test_keep_puts_back_an_emptied_file(tmp_path: Path) -> None:
    file = tmp_path / "eth0.leases"
    file.write_text(TEXT)
    before = ready(file)
    file.write_text("")
    assert ready(file) == before
    assert len(before) == 2


def test_keep_puts_back_a_file_that_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "eth0.leases"
    file.write_text(TEXT)
    before = ready(file)
    file.write_text(file.read_text()[:40])
    assert sorted(ready(file)) == sorted(before)


def test_keep_lets_the_group_of_dnsmasq_write(tmp_path: Path) -> None:
    file = tmp_path / "eth0.leases"
    file.write_text(TEXT)
    ready(file)
    assert {each.name for each in tmp_path.iterdir()} == {"eth0.leases", "eth0.copy"}
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o664}


def test_keep_takes_names_that_no_device_may_have(tmp_path: Path) -> None:
    file = tmp_path / "eth0.leases"
    file.write_text(TEXT.replace("tablet", "wpad.lan"))
    keep(file, 1_000_000, 12, 250, ("wpad",))
    assert "wpad" not in file.read_text()
    assert len(leases.parse(file.read_text())) == 2
