# SPDX-License-Identifier: MIT
"""A real mactelnetd in the router's namespace is found from the sensor's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.reports.neighbours import NeighboursReport
from tests.conftest import missing
from tests.net.namespaces import ROUTER_MAC, Network

pytestmark = pytest.mark.net
DAEMON = "/usr/sbin/mactelnetd"


@pytest.fixture
def device(network: Network) -> Iterator[None]:
    """Run MAC-Telnet's server, which announces itself to whoever asks."""
    if not shutil.which(DAEMON):
        missing("no mactelnetd: apt-get install mactelnet-server")
    argv = ["ip", "netns", "exec", network.router, DAEMON, "-f", "-n"]
    daemon = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield
    daemon.terminate()
    daemon.wait(60)


def test_a_device_is_found_by_its_announcement(
    network: Network, device: None, tmp_path: Path
) -> None:
    argv = ["ip", "netns", "exec", network.sensor, sys.executable, "-m", "appliance.cli",
            "neighbours", "--seconds", "15"]  # fmt: skip
    environment = os.environ | {"GLOVEBOX_RUNTIME_DIRECTORY": str(tmp_path)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = NeighboursReport.read(tmp_path)
    assert report is not None and report.ended and report.dropped == 0
    (found,) = report.found
    assert (found.mac, found.board) == (ROUTER_MAC, os.uname().machine)
    assert ROUTER_MAC in done.stdout
