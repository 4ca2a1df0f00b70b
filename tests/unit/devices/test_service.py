# SPDX-License-Identifier: MIT
"""The service hears devices, publishes them and keeps them."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from appliance.devices import kept_devices
from appliance.devices.census import Census
from appliance.devices.service import DevicesService
from appliance.intel.sniffer import BATCH
from appliance.reports.devices import DevicesReport
from appliance.service import Stop
from tests.conftest import need_root
from tests.unit.devices import sample_frames

DEADLINE_S = 60.0
NETWORKS = (ip_network("192.168.0.0/16"),)


def send(*frames: bytes) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind(("lo", 0))
        for frame in frames:
            sender.send(frame)


def test_a_device_on_the_interface_is_heard_and_kept(tmp_path: Path) -> None:
    need_root()
    served = DevicesService("lo", Census(NETWORKS), tmp_path, 1.0)
    stop, deadline = Stop(), time.monotonic() + DEADLINE_S
    served.load()
    served.turn(stop, 0)
    while not len(served.census):
        assert time.monotonic() < deadline
        send(b"x" * 60, sample_frames.arp(), sample_frames.dhcp(3, name=b"phone"))
        served.turn(stop)
    report = served.report()
    assert ("192.168.1.20", "phone") in [(each.address, each.name) for each in report.devices]
    served.keep()
    served.close()
    assert len(kept_devices.read(tmp_path)) == 1


def test_frames_that_make_no_sense_are_counted(tmp_path: Path) -> None:
    served = DevicesService("lo", Census(NETWORKS), tmp_path, 1.0)
    served._frame(memoryview(sample_frames.arp()[:20]), 1.0)
    assert (served.frames, served.undecoded, len(served.census)) == (1, 1, 0)


def test_without_the_interface_it_says_so_and_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    need_root()
    served = DevicesService("none0", Census(NETWORKS), tmp_path, 1.0)
    served.turn(Stop(), 0)
    assert "none0: No such device" in served.report().trouble
    assert "no device is heard" in caplog.text


def test_a_flood_costs_one_batch_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_root()
    served = DevicesService("lo", Census(NETWORKS), tmp_path, 1.0)
    served.turn(Stop(), 0)
    waits: list[float] = []
    stop = Stop()
    monkeypatch.setattr(stop, "wait", waits.append)
    send(*[sample_frames.arp()] * BATCH)
    served.turn(stop)
    assert len(waits) == 1
    assert served.frames <= BATCH
    served.close()


@pytest.mark.slow
def test_the_service_runs_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_root()
    monkeypatch.setenv("GLOVEBOX_RUNTIME_DIRECTORY", str(tmp_path))
    argv = [sys.executable, "-m", "appliance.cli", "devices", "--interface", "lo"]
    process = subprocess.Popen([*argv, "--folder", str(tmp_path)])
    deadline = time.monotonic() + DEADLINE_S
    while DevicesReport.read(tmp_path) is None:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 0
    assert (tmp_path / kept_devices.NAME).exists()
