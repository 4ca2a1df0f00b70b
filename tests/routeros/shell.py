# SPDX-License-Identifier: MIT
"""SSH of a router that is not there: OpenSSH's own server, whose forced command is this machine.

Users and passwords are the router's: sshd sees them as those of the system, in a mount namespace
of its own. So it needs root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import missing
from tests.routeros import terminal
from tests.routeros.machine import Machine

SSHD = "/usr/sbin/sshd"
CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
UsePAM no
UseDNS no
PasswordAuthentication {password}
KbdInteractiveAuthentication no
PubkeyAuthentication no
PermitRootLogin yes
StrictModes no
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
MaxSessions 20
{more}
ForceCommand exec {python} -S -I {folder}/forced.py "$USER" "$SSH_ORIGINAL_COMMAND"
"""
# Stands between sshd and the test, and knows nothing.
FORCED = """\
import os, socket, sys, threading
s = socket.socket(socket.AF_UNIX)
s.connect({path!r})
s.sendall("\\x00".join(sys.argv[1:]).encode("utf-8", "surrogateescape") + b"\\x00\\x00")
def typed():
    while octets := os.read(0, 4096):
        s.sendall(octets)
if not sys.argv[2]:
    import tty
    tty.setraw(0)
    threading.Thread(target=typed, daemon=True).start()
while octets := s.recv(4096):
    os.write(1, octets)
os._exit(0)
"""
PROMPT = "\r\n[{user}@{identity}] > "


class Shell:
    """A router's SSH on a port of loopback. `log` is what sshd says of logins."""

    def __init__(self, machine: Machine, folder: Path, more: str, password: str) -> None:
        self.machine, self.folder = machine, folder
        self.log: list[str] = []
        #: As whom a session came about.
        self.users: list[str] = []
        #: What came over interactive sessions, as it was typed.
        self.typed = bytearray()
        #: A router that takes a command and never answers.
        self.silent = False
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.path = str(folder / "machine")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(16)
        self._files(more, password)

    def _files(self, more: str, password: str) -> None:
        key = self.folder / "host_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        (self.folder / "forced.py").write_text(FORCED.format(path=self.path))
        text = CONFIG.format(port=self.port, folder=self.folder, python=sys.executable,
                             more=more, password=password)  # fmt: skip
        (self.folder / "sshd_config").write_text(text)
        passwd = "root:x:0:0::/:/bin/sh\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n"
        shadow = "root:*:19000::::::\nsshd:*:19000::::::\n"
        for name, given in self.machine.users.items():
            hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=given, text=True,
                                    capture_output=True, check=True).stdout.strip()  # fmt: skip
            passwd = f"{name}:x:0:0::/:/bin/sh\n{passwd}"
            shadow = f"{name}:{hashed}:19000::::::\n{shadow}"
        (self.folder / "passwd").write_text(passwd)
        (self.folder / "shadow").write_text(shadow)

    @property
    def key(self) -> str:
        """The host key, as `kind base64`."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    @property
    def refusals(self) -> int:
        """How often a password was refused."""
        return sum(line.startswith("Failed password") for line in self.log)

    def start(self, argv: list[str]) -> None:
        """Start sshd, and wait until it listens."""
        self._process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)
            if line.startswith("Server listening"):
                break
        else:
            missing(f"sshd does not start: {''.join(self.log)[-500:]}")
        self._reading = threading.Thread(target=self.log.extend, args=(self._process.stderr,))
        self._reading.start()
        threading.Thread(target=self.serve, daemon=True).start()

    def stop(self) -> None:
        """End it; then `log` is whole."""
        self._process.terminate()
        self._process.wait(60)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reading.join(60)

    def serve(self) -> None:
        """Take what sshd hands on, a session a thread, until the socket is closed."""
        with contextlib.suppress(OSError):
            while True:
                session, _ = self._listener.accept()
                threading.Thread(target=self._session, args=(session,), daemon=True).start()

    def _session(self, session: socket.socket) -> None:
        with session, contextlib.suppress(OSError):
            begun = b""
            while not begun.endswith(b"\0\0"):
                begun += session.recv(4096)
            user, command = begun[:-2].decode("utf-8", "surrogateescape").split("\0")
            self.users.append(user)
            while self.silent and session.recv(4096):
                pass
            if "ssh" not in self.machine.policies(user):
                session.sendall(b"not enough permissions (9)\r\n")
            elif command:
                session.sendall(self.answer(command, user).encode("utf-8", "surrogateescape"))
            else:
                self._console(session, user)

    def answer(self, command: str, user: str) -> str:
        """Return what an exec channel prints: no colours, no pages, whatever became of it."""
        if command.split() in (["/export"], ["/export", "terse"]):
            return terminal.export(self.machine).replace("\n", "\r\n")
        return terminal.output(self.machine, command, user) + "\r\n"

    def _console(self, session: socket.socket, user: str) -> None:
        """Talk as a terminal does: it echoes, and asks what it is talking to (ESC[6n)."""
        identity = self.machine.single["/system/identity"]["name"]
        prompt = PROMPT.format(user=user, identity=identity).encode()
        session.sendall(b"\r\n  MikroTik RouterOS\r\n\x1b[6n" + prompt)
        line = ""
        while octets := session.recv(4096):
            self.typed += octets
            for sign in octets.decode("utf-8", "replace"):
                if sign != "\r":
                    line += sign
                    session.sendall(sign.encode())
                elif line == "/quit":
                    return
                else:
                    said = self.answer(line, user) if line else ""
                    session.sendall(b"\r\n" + said.encode() + prompt)
                    line = ""


def can_serve() -> bool:
    """Tell whether this host has what it needs."""
    return os.geteuid() == 0 and Path(SSHD).exists() and bool(shutil.which("ssh"))


@contextlib.contextmanager
def serving(
    machine: Machine, folder: Path, more: str = "", password: str = "yes"
) -> Iterator[Shell]:
    """Serve a router's SSH; `more` are lines for sshd_config(5)."""
    if not can_serve():
        missing("an sshd with users of its own needs root, and openssh-server")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    shell = Shell(machine, folder, more, password)
    mounts = "".join(
        f"mount --bind {folder}/{name} /etc/{name} && " for name in ("passwd", "shadow")
    )
    argv = ["unshare", "--mount", "sh", "-c",
            f"{mounts}exec {SSHD} -D -e -f {folder}/sshd_config"]  # fmt: skip
    shell.start(argv)
    try:
        yield shell
    finally:
        shell.stop()
