# SPDX-License-Identifier: MIT
"""MAC-Telnet through `glovebox console`: Debian's client against a real mactelnetd."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.build.tools import Tools
from tests.conftest import BUILD_SECONDS, missing
from tests.net.namespaces import ROUTER_MAC, Network

pytestmark = pytest.mark.net
USERS = "/etc/mactelnetd.users"
# Whoever logs in as this user is told that it may not, by nologin(8); and that is all it does.
USER, PASSWORD, TOLD = "nobody", "geheim", b"not available"
# What `mactelnetd -a` of 0.6.1 writes for them: it logs in with elliptic curves, as RouterOS does
# since 6.43; versions before 0.5 have the password itself there, and MD5.
VERIFIER = (
    "5D6E609279FFF16EAF3B0ED899BB73158DB67118F68FBC8168EBB18DF9DB5774:"
    "0C3CD495CC91346167158AD407694478"
)


NEWER = pytest.param("0.6.1", marks=[pytest.mark.tools, pytest.mark.timeout(BUILD_SECONDS)])


@pytest.fixture(params=["of this host", NEWER])
def path(request: pytest.FixtureRequest) -> str:
    """Return where the programs are: those of this host, and those of the image's Debian."""
    if request.param == "of this host":
        return f"{os.environ['PATH']}:/usr/sbin"
    tools: Tools = request.getfixturevalue("tools")
    return tools.environment["PATH"]


@pytest.fixture
def device(network: Network, path: str, tmp_path: Path) -> Iterator[None]:
    daemon = shutil.which("mactelnetd", path=path)
    if not (daemon and shutil.which("mactelnet", path=path) and shutil.which("unshare")):
        missing("no MAC-Telnet: apt-get install mactelnet-server mactelnet-client")
    if not Path(USERS).exists():
        missing(f"no {USERS}, which the package mactelnet-server has")
    help = subprocess.run([daemon, "-h"], capture_output=True, text=True, check=False)
    curves = "Add a new user" in help.stdout + help.stderr
    (users := tmp_path / "users").write_text(f"{USER}:{VERIFIER if curves else PASSWORD}\n")
    script = f"mount --bind {users} {USERS}; exec {daemon} -f -n"
    argv = ["ip", "netns", "exec", network.router, "unshare", "--mount", "sh", "-c", script]
    serving = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield
    serving.terminate()
    serving.wait(60)


class Terminal:
    """`glovebox console` in the sensor's namespace, between two pipes."""

    def __init__(self, network: Network, path: str, line: str) -> None:
        argv = ["ip", "netns", "exec", network.sensor, sys.executable, "-m", "appliance.cli",
                "console", line]  # fmt: skip
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | {"PATH": path},
        )  # fmt: skip
        assert self.process.stdin is not None and self.process.stdout is not None
        self._types, self._shows = self.process.stdin, self.process.stdout

    def types(self, text: str) -> None:
        self._types.write(text.encode())
        self._types.flush()

    def until(self, words: bytes) -> bytes:
        found = b""
        while words not in found:
            octets = os.read(self._shows.fileno(), 4096)
            assert octets, found
            found += octets
        return found

    def log_in(self, password: str) -> None:
        self.until(b"Login: ")
        self.types(f"{USER}\r")
        self.until(b"Password: ")
        self.types(f"{password}\r")


def test_name_and_password_are_typed_and_the_device_talks(
    network: Network, path: str, device: None
) -> None:
    terminal = Terminal(network, path, f"mac {ROUTER_MAC}")
    terminal.log_in(PASSWORD)
    terminal.until(TOLD)
    _, said = terminal.process.communicate(timeout=60)
    assert terminal.process.returncode == 1 and b"has ended" in said


def test_a_wrong_password_is_told(network: Network, path: str, device: None) -> None:
    terminal = Terminal(network, path, f"mac {ROUTER_MAC}")
    terminal.log_in("wrong")
    terminal.until(b"Login failed")
    terminal.process.communicate(timeout=60)
    assert terminal.process.returncode == 1


def test_it_is_left_by_the_escape(network: Network, path: str, device: None) -> None:
    terminal = Terminal(network, path, f"mac {ROUTER_MAC}")
    terminal.until(b"Login: ")
    terminal.types("~.")
    terminal.process.communicate(timeout=60)
    assert terminal.process.returncode == 0
