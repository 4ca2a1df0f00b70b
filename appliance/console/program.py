# SPDX-License-Identifier: MIT
"""ssh or mactelnet in a terminal of its own (pty). Nothing is typed into it but what is typed.

The terminal calls itself dumb and answers no question; what the program asks, the host key and the
password too, the owner answers. Source: pty(7), ssh(1), mactelnet(1).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

from appliance.console.line import CHUNK, MOST_WAITING, LineError
from appliance.settings.sections.router import RouterEntry

ROWS, COLUMNS = 24, 80
END_S = 5.0
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@-]{0,39}")
MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
ENDED = "the program has ended: what it said last is above"


class ProgramLine:
    """A program that talks to a router; methods raise LineError when it has ended."""

    def __init__(self, argv: Sequence[str]) -> None:
        """Start it. Raises LineError."""
        self._descriptor, inner = os.openpty()
        os.set_blocking(self._descriptor, False)
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._waiting = bytearray()
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TERM": "dumb",
                       "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}  # fmt: skip
        try:
            # setsid(1) makes the terminal the program's own: ssh asks for a password there.
            self._process = subprocess.Popen(
                ["setsid", "--ctty", *argv], stdin=inner, stdout=inner, stderr=inner,
                env=environment,
            )  # fmt: skip
        except OSError as error:
            os.close(self._descriptor)
            raise LineError(f"{argv[0]} cannot be run: {error.strerror}") from error
        finally:
            os.close(inner)

    def fileno(self) -> int:
        """Return the descriptor, for select."""
        return self._descriptor

    @property
    def is_waiting(self) -> bool:
        """Whether something typed is not sent yet."""
        return bool(self._waiting)

    def read(self) -> bytes:
        """Return what has come, empty for nothing yet."""
        try:
            content = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            # EIO: nobody has the other end of the terminal any more (pty(7)).
            raise LineError(ENDED) from error
        if not content:
            raise LineError(ENDED)
        return content

    def type(self, content: bytes) -> None:
        """Send what was typed, as soon as the program takes it."""
        if len(self._waiting) + len(content) > MOST_WAITING:
            raise LineError("the router takes nothing: what was typed before is not sent yet")
        self._waiting += content
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the program takes it."""
        try:
            with contextlib.suppress(BlockingIOError):
                while self._waiting:
                    del self._waiting[: os.write(self._descriptor, self._waiting)]
        except OSError as error:
            raise LineError(ENDED) from error

    def send_break(self) -> None:
        """There is no break but on a serial line."""
        raise LineError("only a serial line has a break")

    def close(self) -> None:
        """End the program; its terminal goes, which it is told (SIGHUP)."""
        os.close(self._descriptor)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def ssh(entry: RouterEntry, user: str, folder: Path) -> ProgramLine:
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
    return ProgramLine(["ssh", "-F", "none", "-tt", "-p", str(entry.ssh_port), *pairs,
                        "-l", _user(user), "--", str(entry.address)])  # fmt: skip


def mac_telnet(mac: str) -> ProgramLine:
    """Log in by MAC-Telnet, which asks for name and password itself. It is not encrypted.

    Raises LineError.
    """
    if not MAC.fullmatch(mac):
        raise LineError("that is no MAC address")
    return ProgramLine(["mactelnet", mac.upper()])


def _user(user: str) -> str:
    if not USER.fullmatch(user):
        raise LineError("a user's name has letters, digits and ._+@- only")
    return user
