# SPDX-License-Identifier: MIT
"""The real rsyslog as a relay: its datagrams, and both of its framings of TCP."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.reports.logs import LogsReport
from tests.conftest import missing
from tests.net import logs_service
from tests.net.logs_service import free_port
from tests.net.namespaces import DEADLINE_S, wait_until
from tests.unit.logs.conftest import a_line

CONFIGURATION = """
module(load="imudp")
global(workDirectory="{folder}")
input(type="imudp" address="127.0.0.1" port="{own}")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="udp")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="traditional")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted"
       template="RSYSLOG_SyslogProtocol23Format")
"""
LINES = 50


@pytest.fixture
def service(tmp_path: Path) -> Iterator[int]:
    """Start the receiver of logs; return its port."""
    with logs_service.running(tmp_path) as port:
        yield port


@pytest.fixture
def relay(service: int, tmp_path: Path) -> Iterator[int]:
    """Start rsyslog, which hands on what it gets in three ways; return its port."""
    program = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
    if program is None:
        missing("no rsyslogd")
    own, file = free_port(), tmp_path / "rsyslog.conf"
    file.write_text(CONFIGURATION.format(folder=tmp_path, own=own, port=service))
    argv = [program, "-n", "-f", str(file), "-i", str(tmp_path / "rsyslog.pid")]
    process = subprocess.Popen(argv)
    wait_until(lambda: (tmp_path / "rsyslog.pid").exists(), "rsyslog runs")
    yield own
    process.terminate()
    process.wait(DEADLINE_S)


def test_every_line_arrives_in_each_of_three_ways(relay: int, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        for number in range(LINES):
            router.sendto(a_line(1 + number).encode(), ("127.0.0.1", relay))

    def report() -> LogsReport:
        return LogsReport.require(tmp_path / "run")

    wait_until(lambda: report().received == 3 * LINES, "all lines arrive")
    assert report().events == {"attempt": 3 * LINES} and report().dropped == ()
