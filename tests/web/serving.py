# SPDX-License-Identifier: MIT
"""`glovebox web` as a process of the sensor, reached by a browser outside of its namespace."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.access.vault import Vault
from appliance.alerts.store import AlertStore
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.statusfile import StatusFile
from appliance.reports.supervisor import Health
from tests.net.namespaces import DEADLINE_S, Network, Sniffer
from tests.net.receiving import GLOVEBOX
from tests.web.reports import a_health, a_report, a_selftest

PERIOD_S = 0.25

# What systemd does between fork and exec: the sockets become descriptors 3, 4 and so on, and the
# variables say whose they are.
_ACTIVATE = """
import fcntl, os, sys
copies = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 64) for each in sys.argv[1].split(",")]
for place, copy in enumerate(copies, 3):
    os.dup2(copy, place)
os.environ.update(LISTEN_FDS=str(len(copies)), LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Sensor:
    """A page with its status files, its alerts and, if one wants, an engine that listens.

    The socket is opened outside of the namespace: that is how a browser gets in.
    """

    def __init__(self, network: Network, directory: Path) -> None:
        self.network = network
        self.directory = directory
        self.store = AlertStore(directory / "alerts.db", boot="test")
        self.vault = Vault(directory / "web")
        # Opens the page without a login, to which tests of their own are devoted.
        self.headers = {"Authorization": f"Bearer {self.vault.token()}"}
        self._engine: Sniffer | None = None
        self._own = {"GLOVEBOX_CONFIG": "/dev/null"}
        with socket.create_server(("127.0.0.1", 0)) as own:
            self.url = f"http://127.0.0.1:{own.getsockname()[1]}"
            self.process = self._start(own)

    def _start(
        self, own: socket.socket, secure: socket.socket | None = None
    ) -> subprocess.Popen[bytes]:
        sockets = [own] if secure is None else [own, secure]
        descriptors = [each.fileno() for each in sockets]
        tls = [] if secure is None else ["--listen-tls", "{}:{}".format(*secure.getsockname())]
        # ip(8) also shows the namespace's interfaces in /sys, which only to enter it would not.
        enter = ["ip", "netns", "exec", self.network.sensor]
        names = ",".join(map(str, descriptors))
        argv = [*enter, sys.executable, "-c", _ACTIVATE, names, GLOVEBOX, "web", *tls]
        return subprocess.Popen(
            [*argv, "--engine-user", "root"],
            env=os.environ | self._variables(),
            pass_fds=descriptors,
        )

    def _variables(self) -> dict[str, str]:
        return {
            "GLOVEBOX_RUNTIME_DIRECTORY": str(self.directory),
            "GLOVEBOX_DATABASE": str(self.directory / "alerts.db"),
            "GLOVEBOX_FLOWS": str(self.directory),
            "GLOVEBOX_WEB_STATE": str(self.vault.directory),
            "GLOVEBOX_BLOCKING_REQUESTS": str(self.directory / "wishes"),
            "GLOVEBOX_ROUTER_DIRECTORY": str(self.directory / "router"),
            "GLOVEBOX_CONSOLE_REQUESTS": str(self.directory / "console" / "wishes"),
            "GLOVEBOX_LOGS_DIRECTORY": str(self.directory / "logs"),
            "GLOVEBOX_LOGS_RUNTIME": str(self.directory / "logs-parts"),
            "GLOVEBOX_GLOW_DIRECTORY": str(self.directory / "glow"),
            "GLOVEBOX_NAMES_DIRECTORY": str(self.directory / "names"),
            "GLOVEBOX_PAGE_SETTINGS": str(self.directory / "page-settings"),
            "GLOVEBOX_EVIDENCE_MEMORY": str(self.directory / "evidence"),
            "GLOVEBOX_NOTIFY_REQUESTS": str(self.directory / "notify-wishes"),
            "GLOVEBOX_INTEL_DIRECTORY": str(self.directory / "intel"),
            "GLOVEBOX_XTERM": str(self.directory / "xterm"),
            "GLOVEBOX_INTEL_REQUESTS": str(self.directory / "intel-wishes"),
            **self._own,
        }

    def configure(self, settings: str) -> None:
        """Start the page anew with these settings, in TOML."""
        file = self.directory / "glovebox.toml"
        file.write_text(settings)
        self._own["GLOVEBOX_CONFIG"] = str(file)
        self.restart()

    def restart(self) -> None:
        """Kill the page and start it anew where it was."""
        self.process.kill()
        self.process.wait(DEADLINE_S)
        port = int(self.url.rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)) as own:
            self.process = self._start(own)

    def encrypt(self) -> str:
        """Start the page anew, with HTTPS too; return its address there."""
        self.process.kill()
        self.process.wait(DEADLINE_S)
        port = int(self.url.rpartition(":")[2])
        with (
            socket.create_server(("127.0.0.1", port)) as own,
            socket.create_server(("127.0.0.1", 0)) as secure,
        ):
            self.process = self._start(own, secure)
            return f"https://127.0.0.1:{secure.getsockname()[1]}"

    def start_engine(self) -> None:
        """Open a packet socket on the sniffing interface, as an engine does."""
        self._engine = self.network.sniffer()

    def pause(self) -> None:
        """Let the page answer nothing until `resume`."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the page go on."""
        self.process.send_signal(signal.SIGCONT)

    def publish(self, report: StatusFile) -> None:
        """Put a report of a service where the page finds it."""
        report.publish(self.directory)

    def publish_store(self, now: float) -> None:
        """Say that alerts are being stored."""
        self.publish(AlertStoreReport(now, 24, 0, None, 0, 0))

    def status(self) -> list[str]:
        """Return what `glovebox status` prints at this moment, line by line."""
        enter = ["ip", "netns", "exec", self.network.sensor]
        done = subprocess.run(
            [*enter, GLOVEBOX, "status", "--engine-user", "root"],
            env=os.environ | self._variables() | {"COLUMNS": "110"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.splitlines()

    def close(self) -> None:
        """End all of it."""
        if self._engine:
            self._engine.close()
        self.store.close()
        self.process.kill()
        self.process.wait(DEADLINE_S)


@contextlib.contextmanager
def supervising(sensor: Sensor, says: Callable[[float], Health] = a_health) -> Iterator[None]:
    """Publish as the supervisor does what `says` returns for the moment; a self-test was made."""
    sensor.publish(a_selftest(time.time() - 300))
    with repeating(lambda: sensor.publish(says(time.time()))):
        yield


@contextlib.contextmanager
def repeating(action: Callable[[], None]) -> Iterator[None]:
    """Do something at once, and again and again in a thread of its own."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(PERIOD_S):
            action()

    action()
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def flowing(sensor: Sensor, rate: int, **counts: int) -> Iterator[None]:
    """Publish as the receiver does while `rate` frames a second arrive on top of `counts`."""
    first = {"frames": 1_234_000, **counts}
    began = time.time()

    def publish() -> None:
        now = time.time()
        frames = first["frames"] + int((now - began) * rate)
        sensor.publish(a_report(now, **(first | {"frames": frames})))
        sensor.publish_store(now)

    with repeating(publish):
        yield
