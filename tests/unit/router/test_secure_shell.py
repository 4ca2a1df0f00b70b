# SPDX-License-Identifier: MIT
"""A router is asked over SSH: OpenSSH's client against OpenSSH's server, as RouterOS behaves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.router import secure_shell
from appliance.router.refusals import Refusal, RefusedError, RouterError
from appliance.router.secure_shell import ShellAddress
from tests.routeros import shell, terminal
from tests.routeros.machine import Machine
from tests.routeros.shell import Shell

USERS = """\
/user/group add name=glovebox-read policy=read,ssh
/user add name=glovebox-read group=glovebox-read password=readable
/user/group add name=glovebox policy=api,read,write
/user add name=glovebox group=glovebox password=writable
"""


@pytest.fixture
def router(machine: Machine, tmp_path: Path) -> Iterator[Shell]:
    assert terminal.paste(machine, USERS) == []
    with shell.serving(machine, tmp_path) as served:
        yield served


def place(router: Shell) -> ShellAddress:
    return ShellAddress("127.0.0.1", router.port, router.key)


def asked(router: Shell, command: str, **more: str) -> str:
    user, password = more.get("user", "glovebox-read"), more.get("password", "readable")
    return secure_shell.run(place(router), user, password, command, 60.0)


@pytest.mark.slow
def test_a_command_is_answered(router: Shell) -> None:
    assert "MikroTik" in asked(router, "/system identity print")
    assert asked(router, "/export terse").startswith("# by RouterOS 7.22.1")


@pytest.mark.slow
def test_the_router_itself_lets_the_reader_change_nothing(router: Shell) -> None:
    said = asked(router, "/ip dns set servers=9.9.9.9")
    assert "not enough permissions" in said
    assert router.machine.single["/ip/dns"].get("servers", "") == ""


@pytest.mark.slow
def test_signs_of_a_shell_are_nothing_here(router: Shell, tmp_path: Path) -> None:
    asked(router, f"/system identity print; touch {tmp_path}/made $(touch {tmp_path}/made)")
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
def test_a_wrong_password_is_tried_once(router: Shell) -> None:
    with pytest.raises(RefusedError) as caught:
        asked(router, "/system identity print", password="wrong")
    assert caught.value.why is Refusal.LOGIN and caught.value.exit_status == 1
    router.stop()
    assert router.refusals == 1


def test_another_host_key_stops_it_before_the_password(router: Shell) -> None:
    other = replace(place(router), key=f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}")
    with pytest.raises(RouterError, match="another SSH host key"):
        secure_shell.run(other, "glovebox-read", "readable", "/system identity print", 60.0)
    with pytest.raises(RouterError, match="no SSH host key of this router is known"):
        secure_shell.run(replace(other, key=""), "glovebox-read", "x", "/export", 60.0)
    router.stop()
    assert router.refusals == 0 and not any("Accepted" in line for line in router.log)


def test_the_key_that_it_shows_is_its_own(router: Shell) -> None:
    shown = secure_shell.shown(ShellAddress("127.0.0.1", router.port))
    assert shown == router.key
    told = subprocess.run(["ssh-keygen", "-lf", router.folder / "host_key.pub"],
                          capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert secure_shell.fingerprint(shown) in told.split()


@pytest.mark.slow
def test_who_hangs_is_given_up(router: Shell) -> None:
    router.silent = True
    with pytest.raises(RouterError, match="in time"):
        secure_shell.run(place(router), "glovebox-read", "readable", "/export", 1.5)


@pytest.mark.slow
def test_the_password_is_no_argument_of_a_process(
    router: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    begin = subprocess.Popen

    def noted(argv: list[str], **more: object) -> object:
        seen.extend(argv)
        return begin(argv, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("subprocess.Popen", noted)
    asked(router, "/system identity print")
    assert "ssh" in seen and not any("readable" in word for word in seen)


@pytest.mark.slow
def test_nobody_there_and_no_ssh_are_told(plain_api: object) -> None:
    key = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}"
    port = plain_api.port  # type: ignore[attr-defined]
    for at, words, seconds in ((9, "refuses the connection", 60.0), (port, "SSH|ended|time", 1.5)):
        with pytest.raises(RouterError, match=words):
            secure_shell.run(ShellAddress("127.0.0.1", at, key), "u", "p", "/export", seconds)


@given(st.text(max_size=100))
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        secure_shell.host_key(text)
