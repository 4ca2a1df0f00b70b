# SPDX-License-Identifier: MIT
"""Flows are counted for the hosts inside; what is inside, the settings and this machine say."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import numpy as np

from appliance.flows.counting import HostCounting, own_networks
from appliance.flows.records import FLOW, Flows, halves
from appliance.settings.config import Config
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.ids import IdsConfig

HERE = """\
20010db8007700000000000000000005 02 40 00 80     eth0
fe800000000000000000000000000001 02 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""


def a_flow(src: str, dst: str, in_if: int = 1) -> Flows:
    made = np.zeros(1, FLOW)
    made["src_hi"], made["src_lo"] = halves(ip_address(src))
    made["dst_hi"], made["dst_lo"] = halves(ip_address(dst))
    made["bytes"], made["in_if"] = 100, in_if
    return made


def holds(folder: Path, settings: Config, address: str) -> bool:
    high, low = halves(ip_address(address))
    columns = np.array([high], np.uint64), np.array([low], np.uint64)
    return bool(own_networks(settings, folder).holds(*columns)[0])


def test_what_is_inside(tmp_path: Path) -> None:
    (tmp_path / "if_inet6").write_text(HERE)
    settings = Config(flows=FlowsConfig(wan_addresses=(ip_address("198.51.100.7"),)))
    for address, inside in (("192.168.1.1", True), ("198.51.100.7", True), ("192.0.2.1", False),
                            ("2001:db8:77::99", True), ("2001:db8:78::99", False)):  # fmt: skip
        assert holds(tmp_path, settings, address) == inside
    named = Config(ids=IdsConfig(home_networks=(ip_network("192.0.2.0/24"),)))
    assert holds(tmp_path, named, "192.0.2.1") and not holds(tmp_path, named, "192.168.1.1")
    assert holds(tmp_path / "none", Config(), "10.0.0.1")


def test_a_flow_that_was_told_twice_counts_once(tmp_path: Path) -> None:
    counting = HostCounting(Config(), tmp_path)
    assert counting.take() is None
    counting.add(a_flow("192.168.1.5", "192.0.2.9"), 0.0)
    counting.add(a_flow("192.168.1.5", "192.0.2.9", in_if=2), 1.0)
    assert (counting.copies, counting.bytes_out, len(counting)) == (1, 100, 1)
    taken = counting.take()
    assert taken is not None and taken.hosts[1] == halves(ip_address("192.168.1.5"))
    assert len(counting) == 0
