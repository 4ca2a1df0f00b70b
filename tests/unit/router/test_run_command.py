# SPDX-License-Identifier: MIT
"""`glovebox router run`: reading is at once, changing is asked for, and one router is the first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.router import command
from appliance.router.keeping import Keeping
from tests.routeros import server, terminal
from tests.routeros.machine import Machine

NAMES = ("attic", "home", "shed")
CHANGE = "/ip dns set servers=9.9.9.9"


class Several:
    """Runs the command with a file of settings that names three routers."""

    def __init__(self, folder: Path, certificate: Path, stack: ExitStack) -> None:
        self.machines, self._kept, rows = [], folder / "kept", []
        self._kept.mkdir()
        self._file = folder / "glovebox.toml"
        for name in NAMES:
            machine = Machine()
            api = stack.enter_context(server.serving(machine, certificate))
            keeping = Keeping(name, self._kept)
            keeping.set_pin(server.pin(certificate))
            password = keeping.made_secret().password
            lines = (
                "/user/group add name=glovebox policy=api,read,write\n"
                f"/user add name=glovebox group=glovebox password={password}\n"
            )
            assert terminal.paste(machine, lines) == []
            rows.append(f'{{ name = "{name}", address = "127.0.0.1", port = {api.port} }}')
            self.machines.append(machine)
        self._file.write_text(f"[router]\nrouters = [{', '.join(rows)}]\n")

    def run(self, *words: str) -> int:
        fixed = ["--config", str(self._file), "--folder", str(self._kept), "run"]
        return command.main([*fixed, *words])

    def servers(self) -> list[str]:
        return [machine.single["/ip/dns"].get("servers", "") for machine in self.machines]


@pytest.fixture
def several(shared_data: Path, tmp_path: Path, certificate: Path) -> Iterator[Several]:
    with ExitStack() as stack:
        yield Several(tmp_path, certificate, stack)


def test_reading_needs_no_question(several: Several, capsys: pytest.CaptureFixture[str]) -> None:
    assert several.run("-r", "shed,attic", "--", "/system identity print") == 0
    out = capsys.readouterr().out
    assert out.startswith("shed, attic:\n") and "MikroTik" in out


def test_what_may_change_something_is_refused_without_the_option(several: Several) -> None:
    with pytest.raises(InputError, match="--change"):
        several.run("--", CHANGE)
    assert several.servers() == ["", "", ""]
    with pytest.raises(InputError, match="no such router"):
        several.run("-r", "nowhere", "--", CHANGE)


@pytest.mark.parametrize(
    ("typed", "servers", "status"),
    [
        ("no\n", ["", "", ""], 1),
        ("yes\nno\n", ["9.9.9.9", "", ""], 1),
        ("yes\nyes\n", ["9.9.9.9"] * 3, 0),
    ],
)
def test_one_router_is_the_first(
    several: Several, monkeypatch: pytest.MonkeyPatch, typed: str, servers: list[str], status: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert several.run("--change", "--", CHANGE) == status
    assert several.servers() == servers


def test_what_the_first_refuses_no_other_does(
    several: Several, capsys: pytest.CaptureFixture[str]
) -> None:
    assert several.run("--change", "--yes", "--", "/user remove admin") == 1
    assert "attic failed:" in (out := capsys.readouterr().out) and "permissions" in out
    assert "home" not in out


def test_nobody_runs_what_one_does_not_understand(
    several: Several, capsys: pytest.CaptureFixture[str]
) -> None:
    assert several.run("--change", "--yes", "--", "/ip dns set sorvers=9.9.9.9") == 1
    assert "Nothing was run" in capsys.readouterr().out and several.servers() == ["", "", ""]


def test_as_another_user(several: Several, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    assert several.run("--user", "admin", "--change", "--yes", "--", CHANGE) == 0
    assert several.servers() == ["9.9.9.9"] * 3
