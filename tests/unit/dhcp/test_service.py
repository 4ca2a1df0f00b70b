# SPDX-License-Identifier: MIT
"""The guard's small parts; it works in tests/net/test_dhcp_guard.py."""

from __future__ import annotations

import argparse
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.dhcp import network
from appliance.dhcp.permission import Permission
from appliance.dhcp.port import Port
from appliance.dhcp.service import (
    Guard,
    guard_port,
    is_answering,
    main,
    random_station,
)
from appliance.dhcp.watch import Timing
from appliance.reports.dhcp import PortReport
from appliance.service import Publisher, Running, Stop
from appliance.settings.config import Config


def test_random_station_is_locally_administered_and_no_group() -> None:
    stations = {random_station() for _ in range(200)}
    assert len(stations) == 200
    assert all(station[0] & 3 == 2 and len(station) == 6 for station in stations)


def test_main_wants_a_port() -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])


def test_is_answering_by_the_table_of_the_kernel(tmp_path: Path) -> None:
    table = tmp_path / "udp"
    head = "  sl  local_address rem_address   st\n"
    table.write_text(head + "  1: 00000000:0043 00000000:0000 07\n")
    assert is_answering(table)
    table.write_text(head + "  1: 00000000:0044 00000000:0043 07\n")
    assert not is_answering(table)
    assert not is_answering(tmp_path / "absent")


class FakePort(Port):
    """A port in which nothing moves."""

    def __init__(self, folder: Path) -> None:
        self.interface = "eth9"
        self.socket, self.changes = socket.socketpair()

    def drain_changes(self) -> None:
        pass

    def frames(self) -> Iterator[bytes]:
        return iter(())


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Guard, FakePort, Permission]]:
    """Return a guard over a port that does not exist."""
    port, settings = FakePort(tmp_path), Config()
    served = network.served(settings.dhcp, port.interface)
    permission = Permission(port.interface, settings.dhcp, served, tmp_path, tmp_path)
    yield Guard(port, settings, served, permission, Timing()), port, permission
    port.socket.close()
    port.changes.close()


def guard_for(seconds: float, guarded: tuple[Guard, FakePort, Permission], folder: Path) -> None:
    stop = Stop()
    threading.Timer(seconds, stop.set).start()
    running = Running("dhcp", argparse.Namespace(), Config(), [], stop, Publisher(folder))
    guard_port(*guarded, running, turn=0.01)


def test_report_is_read_back_as_it_was_published(
    guarded: tuple[Guard, FakePort, Permission], tmp_path: Path
) -> None:
    guard_for(0.05, guarded, tmp_path)
    report = guarded[0].report()
    report.publish(tmp_path)
    assert PortReport.read_port("eth9", tmp_path) == report
    assert (report.serving, report.reason) == (False, "missing")


def test_guarding_goes_on_where_nothing_can_be_published(
    guarded: tuple[Guard, FakePort, Permission],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard_for(0.05, guarded, tmp_path / "absent")
    assert caplog.text.count("dhcp-eth9.json cannot be published") == 1
