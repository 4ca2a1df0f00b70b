# SPDX-License-Identifier: MIT
"""A console over SSH: OpenSSH's client in a terminal of its own, against OpenSSH's server."""

from __future__ import annotations

import contextlib
import select
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.console import program
from appliance.console.line import MOST_WAITING, ConsoleLine, LineError
from appliance.settings.sections.router import RouterEntry
from tests.routeros import shell, terminal
from tests.routeros.machine import Machine
from tests.routeros.shell import Shell

PATIENCE_S = 60.0
READER = """\
/user/group add name=glovebox-read policy=read,ssh
/user add name=glovebox-read group=glovebox-read password=readable
"""


def until(line: ConsoleLine, words: str, found: bytes = b"") -> bytes:
    """Read until words have come; return all that came."""
    end = time.monotonic() + PATIENCE_S
    while words.encode() not in found:
        assert select.select([line], [], [], max(end - time.monotonic(), 0))[0], found
        found += line.read()
    return found


def ended(line: ConsoleLine) -> bytes:
    """Read until the program has ended; return what it said."""
    found = b""
    with contextlib.suppress(LineError):
        while select.select([line], [], [], PATIENCE_S)[0]:
            found += line.read()
        raise AssertionError(found)
    return found


@pytest.fixture
def router(shared_data: Path, tmp_path: Path) -> Iterator[Shell]:
    machine = Machine()
    assert terminal.paste(machine, READER) == []
    with shell.serving(machine, tmp_path) as served:
        yield served


def entry(router: Shell) -> RouterEntry:
    return RouterEntry("home", ip_address("127.0.0.1"), ssh_port=router.port)


@contextlib.contextmanager
def opened(router: Shell, keys: Path, user: str = "glovebox-read") -> Iterator[ConsoleLine]:
    with contextlib.closing(program.ssh(entry(router), user, keys)) as line:
        yield line


@pytest.mark.slow
def test_the_owner_says_yes_to_the_host_key_and_types_the_password(
    router: Shell, tmp_path: Path
) -> None:
    with opened(router, tmp_path) as line:
        said = until(line, "(yes/no")
        assert b"SHA256:" in said
        line.type(b"yes\r")
        until(line, "password: ")
        line.type(b"readable\r")
        until(line, "> ")
        # A terminal that answers what the router asks it (ESC[6n) would have typed.
        assert router.typed == b""
        line.type(b"/system identity print\r")
        assert b"MikroTik" in until(line, "] > ")
        assert router.typed == b"/system identity print\r"
        line.type(b"/quit\r")
        ended(line)
    known = (tmp_path / "known_hosts").read_text()
    assert known.startswith("home ") and router.key in known
    with opened(router, tmp_path) as line:
        assert b"yes/no" not in until(line, "password: ")


def test_another_host_key_is_refused_in_words(router: Shell, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text(f"home ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}\n")
    with opened(router, tmp_path) as line:
        said = ended(line)
    assert b"HOST IDENTIFICATION HAS CHANGED" in said and b"password" not in said


@pytest.mark.slow
def test_a_wrong_password_is_asked_once(router: Shell, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text(f"home {router.key}\n")
    with opened(router, tmp_path) as line:
        until(line, "password: ")
        line.type(b"wrong\r")
        said = ended(line)
    assert b"Permission denied" in said and b"password: " not in said
    router.stop()
    assert router.refusals == 1


@pytest.mark.parametrize("user", ["", "-oProxyCommand=x", "a b", "a\n", "x" * 41, "é"])
def test_a_user_that_is_no_name_starts_nothing(tmp_path: Path, user: str) -> None:
    with pytest.raises(LineError, match="letters"):
        program.ssh(RouterEntry("home", ip_address("192.0.2.1")), user, tmp_path)


@pytest.mark.parametrize("mac", ["", "-x", "4C:5E:0C:11:22", "4C:5E:0C:11:22:33 -o", "home"])
def test_what_is_no_mac_address_starts_nothing(mac: str) -> None:
    with pytest.raises(LineError, match="MAC"):
        program.mac_telnet(mac)


def test_a_program_that_is_not_there_is_told() -> None:
    with contextlib.closing(program.started(["/nonexistent/program"])) as line:
        assert b"/nonexistent/program" in ended(line)


def test_what_is_not_taken_is_bounded_and_nothing_else_is_sent() -> None:
    script = "import sys, termios, tty; tty.setraw(0); print('up', flush=True); sys.stdin.read(1)"
    with contextlib.closing(program.started([sys.executable, "-c", script])) as line:
        until(line, "up")
        with pytest.raises(LineError, match="takes nothing"):
            for _ in range(100):
                line.type(b"x" * MOST_WAITING)
        with pytest.raises(LineError, match="break"):
            line.send_break()


def test_it_is_ended_when_the_line_is_closed() -> None:
    script = "import os; print('up', os.getpid(), 'it is', flush=True); input()"
    line = program.started([sys.executable, "-c", script])
    number = until(line, "it is").split()[1]
    line.close()
    assert not Path("/proc", number.decode()).exists()
