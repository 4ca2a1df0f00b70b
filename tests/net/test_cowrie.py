# SPDX-License-Identifier: MIT
"""The real Cowrie, in an environment of its own, and OpenSSH's client, all on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from appliance.logs import glow_command, visits_view
from appliance.logs.day_files import VISITS, DayFile
from appliance.reports.logs import LogsReport
from tests.conftest import PROJECT, missing
from tests.net import logs_service
from tests.net.logs_service import free_port
from tests.net.namespaces import DEADLINE_S, wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

VERSION = "3.1.4"
# Its pins would be at odds with ours.
OWN = PROJECT / "build" / f"cowrie-{VERSION}"
RIGHT, WRONG = "let me in", "a|b"
TARGET = "192.0.2.9"
SETTINGS = """
[ssh]
listen_endpoints = tcp:{own}:interface=127.0.0.1
[output_jsonlog]
enabled = false
[output_socketlog]
enabled = true
address = 127.0.0.1:{port}
timeout = 5
"""


@pytest.fixture(scope="module")
def programs() -> Path:
    """Return where Cowrie's programs are; they are installed once."""
    if not (shutil.which("unshare") and shutil.which("ssh")):
        missing("no unshare or no ssh: apt-get install util-linux openssh-client")
    whole = OWN / "whole"
    if not whole.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(OWN)], check=True)
        pip = [str(OWN / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, f"cowrie=={VERSION}"]).returncode:
            missing(f"no Cowrie {VERSION}: pip cannot install it")
        whole.touch()
    return OWN / "bin"


@pytest.fixture
def honeypot(programs: Path, tmp_path: Path) -> Iterator[int]:
    """Start Cowrie, which tells the receiver of logs; return the port of its SSH."""
    own, folder = free_port(), tmp_path / "cowrie"
    (folder / "etc").mkdir(parents=True)
    with logs_service.running(tmp_path) as port:
        (folder / "etc/cowrie.cfg").write_text(SETTINGS.format(own=own, port=port))
        (folder / "etc/userdb.txt").write_text(f"root:x:{RIGHT}\n")
        # It refuses to be root, and looks so from within.
        argv = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "cowrie", "start"]
        path = f"{programs}:{os.environ['PATH']}"
        environment = os.environ | {"COWRIE_STDOUT": "yes", "PATH": path, "PYTHONPATH": ""}
        process = subprocess.Popen(argv, cwd=folder, env=environment)
        try:
            yield own
        finally:
            process.terminate()
            process.wait(DEADLINE_S)


def ssh(port: int, password: str, folder: Path) -> subprocess.Popen[bytes]:
    """Log in with a password, and ask for a way to a mail server."""
    ask = folder / "ask"
    ask.write_text(f"#!/bin/sh\necho '{password}'\n")
    ask.chmod(0o700)
    argv = ["ssh", "-F", "none", "-p", str(port), "-W", f"{TARGET}:25", "root@127.0.0.1"]
    for option in (
        "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "NumberOfPasswordPrompts=1",
        "PreferredAuthentications=password,keyboard-interactive", "IdentityAgent=none",
    ):  # fmt: skip
        argv += ["-o", option]
    own = {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":none"}
    return subprocess.Popen(argv, env=os.environ | own, stdin=subprocess.PIPE)


def test_log_ins_and_tunnels_are_in_table_and_diagram(honeypot: int, tmp_path: Path) -> None:
    def events(kind: str) -> int:
        return LogsReport.require(tmp_path / "run").events.get(kind, 0)

    def refused() -> bool:
        assert ssh(honeypot, WRONG, tmp_path).wait(DEADLINE_S) == 255
        return events("failed-login") > 0

    # Until it listens, the client is refused in another way.
    wait_until(refused, "a wrong password is told")
    client = ssh(honeypot, RIGHT, tmp_path)
    wait_until(lambda: events("login") and events("tunnel"), "a log-in and its tunnel are told")
    client.kill()
    client.communicate()
    assert LogsReport.require(tmp_path / "run").dropped == ()
    part = next((tmp_path / "parts").glob(f"*.{VISITS}.part"))
    day = date.fromisoformat(part.name.partition(".")[0])
    file = DayFile(day, VISITS, tmp_path / "days", tmp_path / "parts")
    wait_until(lambda: visits_view.read(file).tunnels, "the tunnel is seen")
    view = visits_view.read(file)
    assert (view.succeeded, view.tunnels) == (1, 1) and view.failed >= 1
    assert {"root"} == set(view.users) and {WRONG, RIGHT} == set(view.passwords)
    assert view.ways == {("127.0.0.1", 25, TARGET): 1}
    assert f">{TARGET}</text>" in glow_command.drawn(file).svg
