# SPDX-License-Identifier: MIT
"""Real Suricata in its own root, started as its unit starts it, on a sensor's interface."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from appliance.ids import eve
from appliance.ids.alert import Alert
from appliance.ids.eve_spool import STATISTICS, EveSpool
from tests.conftest import PROJECT
from tests.net.engine import UID, Engine
from tests.net.namespaces import DEADLINE_S, Network

READY = b"READY=1"
SYSTEM = PROJECT / "image/engines/suricata/overlay/usr/lib/systemd/system"
UNIT = SYSTEM / "glovebox-ids.service.d/20-suricata.conf"


class Suricata(Engine):
    """Suricata with a run directory of its own."""

    name = "suricata"

    def __init__(self, root: Path, directory: Path, network: Network | None) -> None:
        super().__init__(root, directory, network)
        # As systemd does it, which puts its socket into the root of a unit.
        self.unit_environment["NOTIFY_SOCKET"] = "/run/glovebox-ids/notify"

    def _wait_until_it_listens(self, inside: Sequence[str]) -> None:
        while READY not in self._notified.recv(4096):
            pass

    def start(self) -> int:
        """Start it, wait until it says that it takes frames, return its process id."""
        address = self.directory / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as self._notified:
            self._notified.bind(str(address))
            self._notified.settimeout(DEADLINE_S)
            os.chown(address, UID, UID)
            try:
                return super().start()
            finally:
                address.unlink()

    def end_as_its_unit_does(self) -> None:
        """Have it end by the words of its unit."""
        text = UNIT.read_text().replace("\\\n", " ")
        found = re.search(r"^ExecStop=-/bin/sh -c '(.*)' sh \$MAINPID$", text, re.MULTILINE)
        assert found and self.process
        script = found[1].replace("$$", "$")
        subprocess.run(["sh", "-c", script, "sh", str(self.process.pid)], check=False)
        self.process.wait(DEADLINE_S)
        self.process = None

    def count(self, when: str) -> None:
        """Run what its unit runs when it began, or when it ends."""
        assert self._network is not None
        inside = ["ip", "netns", "exec", self._network.sensor]
        argv = [*inside, *self._enter(Path("/")), "sh", "/run/glovebox-ids/counted", when]
        subprocess.run(argv, check=True)

    def away(self) -> tuple[int, int]:
        """Return the interface's counter when it ended last, and when it began anew."""
        ended, began = (self.directory / "heard").read_text().split()
        return int(ended), int(began)

    def alerts_of(self, capture: Path) -> list[Alert]:
        """Let it read a capture with the configuration it has; return the alerts."""
        self._read_capture(capture)
        file = self.spool / "alert.json"
        found = alerts([file])
        for written in (file, self.spool / STATISTICS):
            written.unlink()
        return found

    def _read_capture(self, capture: Path, *options: str) -> str:
        done = subprocess.run(
            [*self._enter(capture.parent), "suricata", "-c", "/run/glovebox-ids/suricata.yaml",
             "-l", "/run/glovebox-ids/spool", "--runmode", "single", *options,
             "-r", f"/mnt/{capture.name}"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return done.stderr

    def complaints_of(self, capture: Path) -> str:
        """Return what it says on its standard error when it reads a capture."""
        said = self._read_capture(capture)
        for written in self.spool.iterdir():
            written.unlink()
        return said

    def statistics(self) -> dict[str, Any]:
        """Return the newest record of its statistics."""
        found = json.loads((self.spool / STATISTICS).read_text().splitlines()[-1])["stats"]
        assert isinstance(found, dict)
        return found

    def files(self) -> list[Path]:
        """Return the spool files, in the order of their starts."""
        return [file.path for file in EveSpool(self.spool).files()]


def alerts(files: Iterable[Path]) -> list[Alert]:
    """Decode whole spool files."""
    records = [eve.record(line) for file in files for line in file.read_bytes().splitlines()]
    return [alert for record in records if (alert := eve.alert(record)) is not None]
