# SPDX-License-Identifier: MIT
"""The receiver of logs as a process of its own, for real senders."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from appliance.reports.logs import LogsReport
from tests.net.namespaces import DEADLINE_S, wait_until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[int]:
    """Start it, with its files below a folder; return its port. It must end well."""
    with started(folder) as (port, _):
        yield port


@contextlib.contextmanager
def started(
    folder: Path, config: str = "/dev/null"
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Do the same with settings of one's own; return the process, too."""
    for name in ("run", "days", "parts", "parts/wishes"):
        (folder / name).mkdir()
    port = free_port()
    argv = [sys.executable, "-m", "appliance.cli", "logs", "--listen", str(port)]
    argv += ["--folder", str(folder / "days"), "--parts", str(folder / "parts")]
    own = {"GLOVEBOX_RUNTIME_DIRECTORY": str(folder / "run"), "GLOVEBOX_CONFIG": config}
    process = subprocess.Popen(argv, env=os.environ | own)
    try:
        wait_until(lambda: LogsReport.read(folder / "run"), "the receiver of logs runs")
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(DEADLINE_S)
    assert status == 0
