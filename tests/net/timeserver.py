# SPDX-License-Identifier: MIT
"""A real NTP server in a namespace: chronyd, which leaves the clock of this host alone."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from tests.net.kit import Segment
from tests.net.namespaces import DEADLINE_S
from tests.programs import of_the_device

# It has no server of its own, and answers as if it had: its time is this host's.
SERVING = "local stratum 3\nallow all\n"


class Chronyd:
    """One chronyd at a station, with files of its own; it ends with the network."""

    def __init__(self, segment: Segment, namespace: str, settings: str) -> None:
        """Start it, and wait until it answers chronyc. `settings`: see chrony.conf(5)."""
        self._programs = of_the_device()
        self.folder = Path(tempfile.mkdtemp(prefix="glovebox-chrony-"))
        segment.keep(self.folder)
        # chronyd and chronyc want the socket's folder for themselves.
        os.chmod(self.folder, 0o700)
        self.sources = self.folder / "sources"
        self.sources.mkdir()
        file = self.folder / "chrony.conf"
        file.write_text(
            f"{settings}sourcedir {self.sources}\ncmdport 0\nbindcmdaddress {self._socket}\n"
            f"pidfile {self.folder / 'pid'}\n"
        )
        # -x: never touch the clock. -U, -u: as whoever runs the tests.
        argv = [*self._programs.argv("chronyd"), "-x", "-d", "-u", "root", "-f", file]
        self.process = segment.start(namespace, argv)
        deadline = time.monotonic() + DEADLINE_S
        while self._ask("tracking").returncode != 0:
            assert self.process.poll() is None, "chronyd ended"
            assert time.monotonic() < deadline, "chronyd does not answer"
            time.sleep(0.05)

    @property
    def _socket(self) -> Path:
        return self.folder / "chronyd.sock"

    def chronyc(self, *words: str) -> str:
        """Return what chronyc prints, fields apart by commas, addresses as numbers."""
        done = self._ask(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def believes(self) -> list[str]:
        """Return the servers that it takes the time from."""
        rows = (line.split(",") for line in self.chronyc("sources").splitlines())
        return [row[2] for row in rows if row[1] in "*+"]

    def asks(self) -> list[str]:
        """Return the servers that it asks."""
        return [line.split(",")[2] for line in self.chronyc("sources").splitlines()]

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [*self._programs.argv("chronyc"), "-c", "-n", "-h", str(self._socket), *words]
        return subprocess.run(argv, check=False, capture_output=True, text=True)
