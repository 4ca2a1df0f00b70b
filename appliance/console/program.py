# SPDX-License-Identifier: MIT
"""ssh or mactelnet in a terminal of its own (pty). Nothing is typed into it but what is typed.

The terminal calls itself dumb and answers no question; what the program asks, the host key and the
password too, the owner answers. Source: pty(7), ssh(1), mactelnet(1).
"""

from __future__ import annotations

import fcntl
import functools
import os
import re
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

from appliance.console.line import ConsoleLine, LineError
from appliance.settings.sections.router import RouterEntry

ROWS, COLUMNS = 24, 80
END_S = 5.0
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@-]{0,39}")
MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
ENDED = "the program has ended: what it said last is above"


def started(argv: Sequence[str]) -> ConsoleLine:
    """Start a program that talks to a router. Raises LineError."""
    descriptor, inner = os.openpty()
    os.set_blocking(descriptor, False)
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TERM": "dumb",
                   "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}  # fmt: skip
    try:
        # setsid(1) makes the terminal the program's own: ssh asks for a password there.
        process = subprocess.Popen(
            ["setsid", "--ctty", *argv], stdin=inner, stdout=inner, stderr=inner, env=environment
        )
    except OSError as error:
        os.close(descriptor)
        raise LineError(f"{argv[0]} cannot be run: {error.strerror}") from error
    finally:
        os.close(inner)
    return ConsoleLine(descriptor, ENDED, "the router takes nothing",
                       end=functools.partial(_end, process))  # fmt: skip


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a program whose terminal is gone, which it is told (SIGHUP)."""
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ssh(entry: RouterEntry, user: str, folder: Path) -> ConsoleLine:
    """Log in over SSH; a host key that is not known is shown, and kept in `folder` after a yes.

    Raises LineError.
    """
    wanted = {
        "UserKnownHostsFile": str(folder / "known_hosts"), "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": entry.name, "CheckHostIP": "no", "UpdateHostKeys": "no",
        "StrictHostKeyChecking": "ask", "NumberOfPasswordPrompts": "1", "ConnectTimeout": "10",
        "PubkeyAuthentication": "no", "ClearAllForwardings": "yes", "EscapeChar": "none",
        "PermitLocalCommand": "no", "ServerAliveInterval": "30",
    }  # fmt: skip
    pairs = [word for key, value in wanted.items() for word in ("-o", f"{key}={value}")]
    return started(["ssh", "-F", "none", "-tt", "-p", str(entry.ssh_port), *pairs,
                    "-l", _user(user), "--", str(entry.address)])  # fmt: skip


def mac_telnet(mac: str) -> ConsoleLine:
    """Log in by MAC-Telnet, which asks for name and password itself. It is not encrypted.

    Raises LineError.
    """
    if not MAC.fullmatch(mac):
        raise LineError("that is no MAC address")
    return started(["mactelnet", mac.upper()])


def _user(user: str) -> str:
    if not USER.fullmatch(user):
        raise LineError("a user's name has letters, digits and ._+@- only")
    return user
