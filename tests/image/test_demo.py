# SPDX-License-Identifier: MIT
"""`build.sh demo` with a machine: what it reports, and that nothing of it is left."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.demo import BIND_ANY, DEMO, demo
from tests.interrupts import hear_interrupts

pytestmark = pytest.mark.image


def children_of(pid: int) -> list[int]:
    result = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in result.stdout.split()]


def wait_for_machine(pid: int) -> int:
    """Return the process id of the QEMU that `pid` has started."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for child in children_of(pid):
            # A program of the build may be gone before it is looked at.
            with contextlib.suppress(OSError):
                if b"glovebox.harness" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return child
        time.sleep(0.05)
    raise AssertionError("no machine was started")


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


# Without the image, the demo would build one before it starts a machine.
@pytest.mark.usefixtures("image")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_demo_ended_while_the_guest_boots_leaves_nothing(number: int) -> None:
    process = subprocess.Popen(
        [*DEMO, "--once", *BIND_ANY], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,
    )  # fmt: skip
    machine = wait_for_machine(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert gone(machine)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert errors.decode().strip().splitlines()[-1].startswith("build.sh demo: interrupted")


@pytest.mark.timeout(900)
def test_demo_once_reports_alerts_counters_and_seconds() -> None:
    result = demo("--once", "--report", "json", *BIND_ANY, seconds=600)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    found = report["counters"]
    assert found["datagrams_received"] == (
        found["frames_sent"] + found["keepalives"] + sum(found["dropped"].values())
    )
    assert {"boot until Snort listens"} <= set(report["seconds"])
    fields = {"time", "gid", "sid", "rev", "message", "classification", "priority", "protocol",
              "source", "source_port", "destination", "destination_port", "engine"}  # fmt: skip
    assert report["alerts"]
    assert all(fields <= set(alert) for alert in report["alerts"])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_demo_once_without_an_alert_ends_with_status_1(shared_data: Path) -> None:
    result = demo(shared_data / "ids/maltrail/clean_tcp.pcap", "--once", *BIND_ANY, seconds=600)
    assert result.returncode == 1, result.stderr
    assert "; 0 alerts" in result.stdout
