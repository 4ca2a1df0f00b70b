# SPDX-License-Identifier: MIT
"""What the look around asks and hears on this machine; tests/net has real devices."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from appliance.formats.mndp import PORT
from appliance.neighbours import service
from appliance.reports.neighbours import NeighboursReport


def test_a_port_that_is_taken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", PORT))
        monkeypatch.setattr("appliance.service.RUNTIME_DIRECTORY", tmp_path)
        monkeypatch.setattr("appliance.service.Publisher.__init__.__defaults__", (tmp_path,))
        assert service.main(["--seconds", "0.1"]) == 1
    report = NeighboursReport.read(tmp_path)
    assert report is not None and report.ended and str(PORT) in report.error


def test_the_sniffing_interface_and_loopback_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, flags in (("lo", "0x9"), ("tzsp0", "0x1003"), ("eth0", "0x1003"), ("eth1", "0x1002")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flags").write_text(f"{flags}\n")
    monkeypatch.setattr("appliance.host.links.INTERFACES", tmp_path)
    monkeypatch.setattr("appliance.host.links.state.__defaults__", (tmp_path,))
    assert list(service._interfaces("tzsp0")) == ["eth0"]
