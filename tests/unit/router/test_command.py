# SPDX-License-Identifier: MIT
"""`glovebox router`: the whole way with a router that is not there, over TLS."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from appliance.errors import ConfigError, InputError
from appliance.router import command, cost
from appliance.router.keeping import Keeping
from appliance.router.refusals import CertificateError, Refusal, RefusedError, RouterError
from tests.routeros import server, terminal
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer
from tests.unit.router.test_verify import LISTS


class Commands:
    """Runs the command with a file of settings that names one router."""

    def __init__(self, folder: Path, port: int) -> None:
        self.kept = folder / "kept"
        self.kept.mkdir()
        self.file = folder / "glovebox.toml"
        self.file.write_text(
            f'[router]\nrouters = [{{ name = "home", address = "127.0.0.1", port = {port} }}]\n'
        )

    def run(self, *words: str) -> int:
        return command.main(["--config", str(self.file), "--folder", str(self.kept), *words])


@pytest.fixture
def commands(tmp_path: Path, api: ApiServer) -> Commands:
    terminal.paste(api.machine, LISTS)
    return Commands(tmp_path, api.port)


def test_the_block_is_pasted_the_certificate_trusted_and_all_is_well(
    commands: Commands, machine: Machine, certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = terminal.export(machine)
    assert commands.run("setup", "home") == 0
    assert terminal.paste(machine, capsys.readouterr().out) == []
    assert commands.run("check", "home") == 1
    shown = server.pin(certificate)
    assert shown in capsys.readouterr().out
    assert commands.run("check", "home", "--trust", shown, "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["level"] == "ok"
    assert commands.run("undo", "home") == 0
    assert terminal.paste(machine, capsys.readouterr().out) == []
    assert terminal.export(machine) == before


def test_over_the_api_with_the_owners_credentials(
    commands: Commands, machine: Machine, certificate: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = terminal.export(machine)
    monkeypatch.setattr(cost, "EVERY_S", 0.0)
    Keeping("home", commands.kept).set_pin(server.pin(certificate))
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\nyes\n"))
    assert commands.run("setup", "home", "--user", "admin") == 0
    out = capsys.readouterr().out
    assert "costs:" in out and "The router is set up." in out
    assert "CPU: 7 % before, 7 % now" in out
    assert commands.run("check", "home") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    assert commands.run("undo", "home", "--user", "admin") == 0
    assert "what it was before" in capsys.readouterr().out
    assert terminal.export(machine) == before
    texts = [file.read_text() for file in commands.kept.rglob("*") if file.is_file()]
    # The router's own text, as the fake has it, is no password of its owner.
    assert texts and not any('"secret"' in text for text in texts)


def test_without_a_yes_nothing_is_changed(
    commands: Commands, machine: Machine, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = terminal.export(machine)
    Keeping("home", commands.kept).set_pin(server.pin(certificate))
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\nno\n"))
    assert commands.run("setup", "home", "--user", "admin") == 1
    assert terminal.export(machine) == before


def test_a_wrong_password_is_tried_once(
    commands: Commands, machine: Machine, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keeping("home", commands.kept).set_pin(server.pin(certificate))
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    with pytest.raises(RefusedError) as caught:
        commands.run("setup", "home", "--user", "admin")
    assert caught.value.why is Refusal.LOGIN and machine.logins == 1


def test_another_certificate_stops_it(commands: Commands, api: ApiServer) -> None:
    Keeping("home", commands.kept).set_pin("ab" * 32)
    with pytest.raises(CertificateError) as caught:
        commands.run("check", "home")
    assert caught.value.exit_status == 1 and api.transcript == []
    with pytest.raises(InputError, match="another certificate"):
        commands.run("check", "home", "--trust", "cd" * 32)


def test_a_router_that_is_away_is_told(commands: Commands, api: ApiServer) -> None:
    text = commands.file.read_text().replace(str(api.port), "9")
    commands.file.write_text(text)
    with pytest.raises(RouterError) as caught:
        commands.run("check", "home")
    assert caught.value.exit_status == 6 and "refuses the connection" in str(caught.value)


def test_a_name_that_is_not_set_is_told(commands: Commands) -> None:
    with pytest.raises(ConfigError, match="there are: home"):
        commands.run("setup", "car")
