# SPDX-License-Identifier: MIT
"""New network settings on trial, with a real gateway at the other end of the cable."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.probation import keeping
from appliance.probation.keeping import OnTrial
from appliance.reports.probation import ProbationReport, TrialEnd
from tests.net.namespaces import (
    DEADLINE_S,
    SENSOR_ADDRESS,
    Network,
    ip,
)
from tests.net.receiving import GLOVEBOX

SILENT = "192.0.2.77"


class Watching:
    """`glovebox probation` on the sensor, for the gateway named."""

    def __init__(self, network: Network, folder: Path, gateway: str) -> None:
        self.folder = folder
        self.door, self._progress = folder / "door", folder / "progress"
        self.door.mkdir()
        trial = folder / "trial"
        keeping.write_on_trial(OnTrial("now", (gateway,), wired=True, wifi=False), trial)
        argv = ["ip", "netns", "exec", network.sensor, GLOVEBOX, "probation", "--on-trial", trial,
                "--progress", self._progress, "--door", self.door]  # fmt: skip
        environment = {**os.environ, "GLOVEBOX_RUNTIME_DIRECTORY": str(folder)}
        self.process = subprocess.Popen(list(map(str, argv)), env=environment)

    def report(self) -> ProbationReport:
        """Return what it publishes first. Raises TimeoutError."""
        deadline = time.monotonic() + DEADLINE_S
        while (found := ProbationReport.read(self.folder)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError("nothing published")
            time.sleep(0.1)
        return found

    def reason(self) -> str:
        """Return why it ended, having kept that the settings work."""
        assert self.process.wait(DEADLINE_S) == 0
        assert json.loads(self._progress.read_text())["verdict"] == "works"
        assert not any(self.door.iterdir())
        return self.report().reason


@pytest.fixture
def silent(network: Network, tmp_path: Path) -> Iterator[Watching]:
    """A gateway is set that nobody is."""
    made = Watching(network, tmp_path, SILENT)
    try:
        assert made.report().verdict is TrialEnd.PENDING
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def test_a_gateway_that_comes_later_is_heard(network: Network, silent: Watching) -> None:
    assert silent.process.poll() is None
    ip("-n", network.router, "address", "add", f"{SILENT}/24", "dev", port(network.router))
    assert silent.reason() == f"the gateway {SILENT} answers"


def test_a_device_that_has_a_connection_is_enough(network: Network, silent: Watching) -> None:
    with network.inside(network.sensor):
        server = socket.create_server((SENSOR_ADDRESS, 8200))
    with network.inside(network.router):
        client = socket.create_connection((SENSOR_ADDRESS, 8200), DEADLINE_S)
    with server, client:
        assert silent.reason() == "a device has reached it"


def port(namespace: str) -> str:
    """Return the port at the cable's end."""
    argv = ["ip", "-json", "-n", namespace, "link", "show", "type", "veth"]
    done = subprocess.run(argv, capture_output=True, check=True)
    return str(json.loads(done.stdout)[0]["ifname"])
