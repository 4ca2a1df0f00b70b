# SPDX-License-Identifier: MIT
"""A router recorded with `check --report`: masked, and played again it gives the same result."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.router import picture, recording, verify
from appliance.router.api import connect
from appliance.router.keeping import Keeping
from appliance.router.wire import ApiAddress
from tests.routeros import replayed, schema, server, terminal
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer
from tests.unit.router.test_command import Commands
from tests.unit.router.test_verify import LISTS

# What an owner wrote into his router, and nobody else shall read.
OWN = """\
/system/identity set name="villa-schmidt"
/ip/address add address=203.0.113.77/29 interface=ether1 comment="line of Schmidt, PIN 481516"
/ip/address add address=192.168.77.1/24 interface=bridge
/ip/firewall/filter add chain=forward action=accept comment="Omas Rechner" \
src-address=192.168.77.23 src-mac-address=4C:5E:0C:11:22:33
/ip/firewall/raw add chain=schmidts-chain action=drop src-address-list=schmidts-enemies
/system/scheduler add name=backup on-event="/tool fetch password=hunter2"
/system/logging/action add name=schmidtlog target=remote remote=192.168.77.9
/ip/dns set servers=198.51.100.53
"""
TOLD = (
    "schmidt", "203.0.113.77", "192.168.77", "481516", "Omas", "4C:5E", "hunter2", "enemies",
    "198.51.100", "tool fetch",
)  # fmt: skip


@pytest.fixture
def commands(tmp_path: Path, api: ApiServer, certificate: Path, request: pytest.FixtureRequest,
             capsys: pytest.CaptureFixture[str]) -> Commands:  # fmt: skip
    found = Commands(tmp_path, api.port)
    terminal.paste(api.machine, LISTS)
    assert terminal.paste(api.machine, OWN) == []
    Keeping("home", found.kept).set_pin(server.pin(certificate))
    assert found.run("setup", "home") == 0
    assert terminal.paste(api.machine, capsys.readouterr().out) == []
    return found


def test_what_is_written_tells_nobody_whose_router_it_is(
    commands: Commands, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    assert commands.run("check", "home", "--report", str(file)) == 0
    text = file.read_text()
    password = Keeping("home", commands.kept).made_secret().password
    assert [each for each in (*TOLD, password) if each in text] == []
    assert file.stat().st_mode & 0o077 == 0
    # Its form is still there.
    assert '"prerouting"' in text and "glovebox:block-in" in text and "RB5009UG+S+" in text


def test_played_again_it_gives_the_same_result(
    commands: Commands, machine: Machine, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    terminal.paste(machine, '/ip firewall raw disable [find comment="glovebox:block-in"]')
    assert commands.run("check", "home", "--report", str(file)) == 1
    played, recorded = replayed.machine(file, "glovebox", "p")
    with server.serving(played) as api:
        address = ApiAddress("127.0.0.1", api.port, tls=False)
        with connect(address, "glovebox", "p") as connection:
            found = picture.read(connection)
    assert found.tables == recorded.tables and dict(found.refused) == dict(recorded.refused)
    points = verify.points(recorded.wanted, found)
    assert points == recorded.points and "switched off" in points[0].text


def test_each_line_is_told_as_the_router_reads_it(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    commands.run("check", "home", "--report", str(file))
    recorded = recording.read(file)
    assert recorded.trouble == () and recorded.left == 0
    assert {said for _, said in recorded.parsed} == {""}
    assert any("/ip firewall raw add" in line for line, _ in recorded.parsed)
    assert any(line.startswith("/ip firewall filter add") for line in recorded.export)


def test_a_file_that_is_there_is_not_written_over(commands: Commands, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("mine")
    with pytest.raises(InputError, match="File exists"):
        commands.run("check", "home", "--report", str(file))
    assert file.read_text() == "mine"


def test_what_is_refused_is_recorded_too(
    commands: Commands, machine: Machine, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    machine.refuses["/certificate"] = "not enough permissions (9)"
    assert commands.run("check", "home", "--report", str(file)) == 1
    played, recorded = replayed.machine(file, "glovebox", "p")
    assert played.refuses == {"/certificate": "not enough permissions (9)"}
    assert recorded.points[0].text.endswith("/certificate.")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"form": 2}', "{" * 3000])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "report.json"
    file.write_text(text)
    with pytest.raises((ValueError, RecursionError)):
        recording.read(file)


def test_versions_are_played_by_the_nearest_one() -> None:
    known = schema.versions()
    assert max(known, key=lambda each: replayed._alike(each, (7, 17, 1, 9))) == "7.17.1"
    assert max(known, key=lambda each: replayed._alike(each, (6, 49))) == "7.9"
