# SPDX-License-Identifier: MIT
"""`glovebox router run`: reading is at once, changing is asked for, and one router is the first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.router import command, plan
from appliance.router.keeping import Keeping
from tests.routeros import server, shell, terminal
from tests.routeros.machine import Machine
from tests.routeros.shell import Shell

NAMES = ("attic", "home", "shed")
CHANGE = "/ip dns set servers=9.9.9.9"


class Several:
    """Runs the command with a file of settings that names three routers."""

    def __init__(self, folder: Path, certificate: Path, stack: ExitStack, ssh: bool) -> None:
        self.machines, self.kept, rows = [], folder / "kept", []
        self.shells: list[Shell] = []
        self.kept.mkdir()
        self._file = folder / "glovebox.toml"
        for name in NAMES:
            machine = Machine()
            api = stack.enter_context(server.serving(machine, certificate))
            keeping = Keeping(name, self.kept)
            keeping.set_pin(server.pin(certificate))
            password = keeping.made_secret().password
            lines = (
                "/user/group add name=glovebox policy=api,read,write\n"
                f"/user add name=glovebox group=glovebox password={password}\n"
                "/user/group add name=glovebox-read policy=read,ssh\n"
                "/user add name=glovebox-read group=glovebox-read "
                f"password={plan.reader_password(password)}\n"
            )
            assert terminal.paste(machine, lines) == []
            ports = f"port = {api.port}"
            if ssh:
                (at := folder / name).mkdir()
                served = stack.enter_context(shell.serving(machine, at))
                keeping.set_host_key(served.key)
                self.shells.append(served)
                ports += f", ssh_port = {served.port}"
            rows.append(f'{{ name = "{name}", address = "127.0.0.1", {ports} }}')
            self.machines.append(machine)
        self._file.write_text(f"[router]\nrouters = [{', '.join(rows)}]\n")

    def run(self, *words: str) -> int:
        return self.command("run", *words)

    def command(self, *words: str) -> int:
        return command.main(["--config", str(self._file), "--folder", str(self.kept), *words])

    def servers(self) -> list[str]:
        return [machine.single["/ip/dns"].get("servers", "") for machine in self.machines]


@pytest.fixture
def several(shared_data: Path, tmp_path: Path, certificate: Path) -> Iterator[Several]:
    with ExitStack() as stack:
        yield Several(tmp_path, certificate, stack, ssh=False)


@pytest.fixture
def over_ssh(shared_data: Path, tmp_path: Path, certificate: Path) -> Iterator[Several]:
    with ExitStack() as stack:
        yield Several(tmp_path, certificate, stack, ssh=True)


@pytest.mark.slow
def test_reading_needs_no_question_and_is_the_readers(
    over_ssh: Several, capsys: pytest.CaptureFixture[str]
) -> None:
    assert over_ssh.run("-r", "shed,attic", "--", "/system identity print") == 0
    out = capsys.readouterr().out
    assert out.startswith("shed, attic:\n") and "MikroTik" in out
    assert [machine.logins for machine in over_ssh.machines] == [0, 0, 0]
    assert [each.users for each in over_ssh.shells] == [["glovebox-read"], [], ["glovebox-read"]]
    # What the router prints tells of a failure, as its exit status never does.
    over_ssh.machines[1].refuses["/system/identity"] = "failure: not allowed by device-mode"
    assert over_ssh.run("--", "/system identity print") == 1
    assert "home failed:\n    failure: not allowed" in capsys.readouterr().out


@pytest.mark.slow
def test_another_host_key_is_told_and_nothing_sent(
    over_ssh: Several, capsys: pytest.CaptureFixture[str]
) -> None:
    other = over_ssh.shells[1].key
    Keeping("attic", over_ssh.kept).set_host_key(other)
    assert over_ssh.run("-r", "attic", "--", "/export terse") == 1
    assert "another SSH host key" in capsys.readouterr().out


@pytest.mark.slow
def test_a_host_key_is_trusted_by_its_fingerprint(
    over_ssh: Several, capsys: pytest.CaptureFixture[str]
) -> None:
    (over_ssh.kept / "attic" / "hostkey.json").unlink()
    assert over_ssh.run("-r", "attic", "--", "/export terse") == 1
    told = " ".join(capsys.readouterr().out.split())
    shown = told.partition("--trust-ssh ")[2].partition(".")[0]
    with pytest.raises(InputError, match="another SSH host key"):
        over_ssh.command("check", "attic", "--trust-ssh", "SHA256:other")
    over_ssh.command("check", "attic", "--trust-ssh", shown)
    assert over_ssh.run("-r", "attic", "--", "/export terse") == 0


def test_what_may_change_something_is_refused_without_the_option(several: Several) -> None:
    with pytest.raises(InputError, match="--change"):
        several.run("--", CHANGE)
    assert several.servers() == ["", "", ""]
    with pytest.raises(InputError, match="no such router"):
        several.run("-r", "nowhere", "--", CHANGE)


@pytest.mark.slow
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
