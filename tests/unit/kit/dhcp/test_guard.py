"""The guard's permission and its small parts; it works in tests/net/test_dhcp_guard.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.kit.dhcp.guard import Permission, main, own_station, random_station


@pytest.fixture
def dnsmasq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a dnsmasq that takes every configuration but one with the word `bad`."""
    program = tmp_path / "bin" / "dnsmasq"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ngrep -q bad "${2#*=}" && echo bad option >&2 && exit 1\nexit 0\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return program


@pytest.mark.usefixtures("dnsmasq")
def test_permission_is_there_only_whole(tmp_path: Path) -> None:
    permission = Permission(tmp_path)
    assert permission.give("interface=eth0\n") == ""
    assert (tmp_path / "dnsmasq.conf").read_text() == "interface=eth0\n"
    permission.withdraw()
    permission.withdraw()
    assert not (tmp_path / "dnsmasq.conf").exists()


@pytest.mark.usefixtures("dnsmasq")
def test_permission_is_not_given_for_what_dnsmasq_refuses(tmp_path: Path) -> None:
    permission = Permission(tmp_path)
    assert "bad option" in permission.give("bad\n")
    assert not permission.given
    assert not (tmp_path / "dnsmasq.conf").exists()


def test_random_station_is_locally_administered_and_no_group() -> None:
    stations = {random_station() for _ in range(200)}
    assert len(stations) == 200
    assert all(station[0] & 3 == 2 and len(station) == 6 for station in stations)


def test_own_station_of_none() -> None:
    assert own_station("glovebox-none0") == b""


def test_main_wants_a_port() -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
