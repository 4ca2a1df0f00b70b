# SPDX-License-Identifier: MIT
"""A root shell in the guest, spoken to over a virtio serial port."""

from __future__ import annotations

import base64
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from appliance.errors import GuestError
from image.machine import stall

BOOT_SECONDS = 180.0


class Shell:
    """Sends one command at a time and reads its exit status and output."""

    def __init__(
        self,
        path: Path,
        machine: subprocess.Popen[bytes],
        explain: Callable[[str], GuestError],
        watch: Callable[[bool], None],
    ) -> None:
        """Connect to the port at `path`; every second of waiting is told to `watch`.

        It is told whether the shell has answered before, and raises where waiting is in vain.
        """
        self._machine = machine
        self._explain = explain
        self._watch = watch
        self._received = b""
        self._ready = False
        self._socket = self._connect(path, time.monotonic() + 30.0)

    def execute(self, command: str, seconds: float) -> tuple[int, str]:
        """Run `command`; return its exit status and what it printed (124: out of time)."""
        self.wait_ready()
        words = base64.b64encode(command.encode()).decode()
        request = (
            f"o=$(echo {words} | base64 -d | timeout {seconds:.0f} sh 2>&1); s=$?;"
            ' printf %s "$o" | base64 -w0; echo " $s"\n'
        )
        self._socket.sendall(request.encode())
        output, _, status = self._line(seconds + 30.0).rpartition(" ")
        return int(status), base64.b64decode(output).decode(errors="replace").rstrip("\n")

    def wait_ready(self) -> None:
        """Wait until the machine has started its shell."""
        if not self._ready:
            self._line(BOOT_SECONDS)
            self._ready = True

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()

    def _connect(self, path: Path, deadline: float) -> socket.socket:
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(path))
            except OSError:
                connection.close()
                self._check(deadline)
                time.sleep(0.02)
            else:
                return connection

    def _line(self, seconds: float) -> str:
        deadline = time.monotonic() + seconds - stall.starved(self._machine.pid)
        while b"\n" not in self._received:
            self._socket.settimeout(1.0)
            try:
                chunk = self._socket.recv(65536)
            except TimeoutError:
                self._check(deadline)
                self._watch(self._ready)
                continue
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise self._explain("ended")
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return line.decode(errors="replace")

    def _check(self, deadline: float) -> None:
        if self._machine.poll() is not None:
            raise self._explain(f"ended with status {self._machine.returncode}")
        # What the host's other work took from the machine is not counted against it.
        if time.monotonic() > deadline + stall.starved(self._machine.pid):
            raise self._explain("does not answer")
