# SPDX-License-Identifier: MIT
"""`glovebox receiver` as a process of the sensor, with the test in the place of systemd."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.net.namespaces import DEADLINE_S, INTERFACE, Network, wait_until

# What systemd does between fork and exec: the socket becomes descriptor 3, and says whose it is.
_ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
GLOVEBOX = str(Path(sys.executable).with_name("glovebox"))


class Replay:
    """One run of the service."""

    def __init__(
        self,
        network: Network,
        runtime: Path,
        *options: str,
        inherited: socket.socket | None = None,
        wrapper: tuple[str, ...] = (),
    ) -> None:
        """Start it and wait until it says that it is ready. Raises ChildProcessError."""
        self._runtime = runtime
        address = runtime / "notify"
        address.unlink(missing_ok=True)
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(address))
        argv = [*wrapper, GLOVEBOX, "receiver", "-i", INTERFACE, "--report", "json", *options]
        if inherited is not None:
            argv = [sys.executable, "-c", _ACTIVATE, str(inherited.fileno()), *argv]
        with network.inside(network.sensor):
            self.process = subprocess.Popen(
                argv,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                pass_fds=[inherited.fileno()] if inherited is not None else [],
                env=os.environ
                | {"NOTIFY_SOCKET": str(address), "GLOVEBOX_RUNTIME_DIRECTORY": str(runtime)},
            )
        self.stderr = ""
        self.wait_for_note("READY=1")

    def wait_for_beat(self) -> None:
        """Wait until the loop has shown once more that it is alive."""
        while select.select([self._notify], [], [], 0)[0]:
            self._notify.recv(4096)
        self.wait_for_note("WATCHDOG=1")

    def wait_for_note(self, assignment: str) -> str:
        """Return the next note to systemd with `assignment` in it. Raises ChildProcessError."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            if select.select([self._notify], [], [], 0.1)[0]:
                note = self._notify.recv(4096).decode()
                if assignment in note:
                    return note
            elif self.process.poll() is not None:
                raise ChildProcessError(self.process.communicate()[1])
        raise TimeoutError(assignment)

    def published(self) -> dict[str, Any]:
        """Return the counters last published."""
        values: dict[str, Any] = json.loads((self._runtime / "receiver.json").read_text())
        sources = {address: each["tally"] for address, each in values["senders"].items()}
        return {**values, **values["tally"], "sources": sources}

    def wait_for(self, count: int, *keys: str) -> None:
        """Wait until the published counters `keys`, `datagrams_received` if none, reach `count`."""
        wanted = keys or ("datagrams_received",)
        wait_until(
            lambda: sum(self.published()[key] for key in wanted) >= count,
            f"{count} {' + '.join(wanted)}",
        )

    def stop(self, number: int = signal.SIGTERM) -> dict[str, Any]:
        """Stop it and return its report. Raises ChildProcessError if it did not end well."""
        self.process.send_signal(number)
        stdout, self.stderr = self.process.communicate(timeout=DEADLINE_S)
        self._notify.close()
        if self.process.returncode != 0:
            raise ChildProcessError(f"{self.process.returncode}: {self.stderr}")
        report: dict[str, Any] = json.loads(stdout)
        return report

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.process.kill()
        self.process.communicate(timeout=DEADLINE_S)
        self._notify.close()


@contextlib.contextmanager
def replaying(network: Network, runtime: Path, *options: str, **more: Any) -> Iterator[Replay]:
    """Run the service; kill it where the test has not stopped it."""
    service = Replay(network, runtime, *options, **more)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.kill()


def assert_conserved(report: dict[str, Any]) -> None:
    """Check that every datagram has exactly one outcome."""
    assert report["datagrams_received"] == (
        report["frames_sent"] + report["keepalives"] + sum(report["dropped"].values())
    )
