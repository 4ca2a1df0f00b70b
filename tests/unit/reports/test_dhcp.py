# SPDX-License-Identifier: MIT
"""Reports of ports: found by their names, put into words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.reports import statusfile
from appliance.reports.dhcp import HeardServer, PortReport, read_all
from appliance.reports.statusfile import NotPublishedError
from tests.web.reports import a_port

PORT = replace(
    a_port(1.5), server=HeardServer("192.0.2.1", "02:00:00:00:00:01", "offer", 9.0, 20.0)
)


def test_read_all_finds_the_ports_and_nothing_else(tmp_path: Path) -> None:
    second = replace(PORT, interface="eth1", server=None)
    second.publish(tmp_path)
    PORT.publish(tmp_path)
    statusfile.publish("receiver", {}, tmp_path)
    assert read_all(tmp_path) == (PORT, second)
    assert PortReport.read_port("eth1", tmp_path) == second
    assert PortReport.read_port("eth2", tmp_path) is None


def test_read_all_of_none(tmp_path: Path) -> None:
    assert read_all(tmp_path) == ()


def test_read_all_refuses_what_lacks_something(tmp_path: Path) -> None:
    statusfile.publish("dhcp-eth0", {"interface": "eth0"}, tmp_path)
    with pytest.raises(NotPublishedError, match="dhcp-eth0.json"):
        read_all(tmp_path)
    assert PortReport.read_port("eth0", tmp_path) is None


def test_sentence_says_why_not() -> None:
    port = replace(PORT, devices=PORT.devices[:1])
    assert port.sentence == "Addresses are given out on eth0; one device has one."
    silent = replace(port, serving=False, words="no cable, or nothing at its other end")
    assert silent.sentence.endswith("on eth0: no cable, or nothing at its other end.")
