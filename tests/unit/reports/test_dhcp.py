"""Reports of ports: read back, refused, put into words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.reports import statusfile
from appliance.reports.dhcp import PortReport, read_all

LEASE = {"address": "10.77.0.9", "station": "02:00:00:00:00:09", "name": "tablet", "expires": 5}
VALUES: dict[str, Any] = {
    "interface": "eth0",
    "updated": 1.5,
    "serving": True,
    "answers": True,
    "reason": "free",
    "words": "no other DHCP server answers there",
    "address": "10.77.0.1/24",
    "most": 250,
    "leases": [LEASE],
}


def test_read_all_finds_the_ports_and_nothing_else(tmp_path: Path) -> None:
    statusfile.publish("dhcp-eth1", VALUES | {"interface": "eth1"}, tmp_path)
    statusfile.publish("dhcp-eth0", VALUES, tmp_path)
    statusfile.publish("receiver", {}, tmp_path)
    assert [port.interface for port in read_all(tmp_path)] == ["eth0", "eth1"]
    assert read_all(tmp_path)[0].devices[0].name == "tablet"


def test_read_all_of_none(tmp_path: Path) -> None:
    assert read_all(tmp_path) == ()


@pytest.mark.parametrize("key", VALUES)
def test_read_all_refuses_what_lacks_something(key: str, tmp_path: Path) -> None:
    statusfile.publish(
        "dhcp-eth0", {each: VALUES[each] for each in VALUES if each != key}, tmp_path
    )
    with pytest.raises(KeyError):
        read_all(tmp_path)


def test_sentence_says_why_not() -> None:
    port = PortReport.from_json(VALUES)
    assert port.sentence == "Addresses are given out on eth0; one device has one."
    silent = replace(port, serving=False, words="no cable, or nothing at its other end")
    assert silent.sentence.endswith("on eth0: no cable, or nothing at its other end.")
