# SPDX-License-Identifier: MIT
"""Flows are counted for the hosts inside; what is inside, the settings and this machine say."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import numpy as np

from appliance.flows.collector import Collector
from appliance.flows.counting import MIRROR, HostCounting, MirrorCounting, own_networks, parted
from appliance.flows.exporters import Exporters
from appliance.flows.keeping import TemplateFile
from appliance.flows.records import FLOW, Flows, halves
from appliance.flows.service import FlowService
from appliance.settings.config import Config
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.ids import IdsConfig
from tests.unit.flows.exporting import NOW_MS, ROUTER, flow_set, record, template, v9

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


SEEN = memoryview(v9(flow_set(0, template()), flow_set(256, record())))


def test_datagrams_are_parted_by_who_sent_them() -> None:
    both = [(ROUTER, 1, SEEN), (MIRROR.packed, 2, SEEN)]
    assert parted(both) == ([both[0]], [both[1]])
    assert parted(both[:1]) == (both[:1], ())


def test_bytes_are_counted_by_host() -> None:
    found = MirrorCounting(HostCounting(Config()))
    found.put([(MIRROR.packed, 2, SEEN)], NOW_MS, 1.0)
    taken = found.take()
    assert (found.flows, found.last_seen, len(taken.hosts)) == (1, 1.0, 2)
    ((_, figures),) = taken.cells.items()
    assert figures == [0, 1000, 0, 10, 1]
    assert not found.take().cells


def test_they_are_in_no_total_and_in_no_ledger(tmp_path: Path) -> None:
    collector = Collector(Exporters())
    kept = TemplateFile(collector.templates, tmp_path / "templates.json")
    counting = HostCounting(Config())
    flows = FlowService(collector, kept, [], counting, tmp_path / "hosts.db")
    flows.take([(MIRROR.packed, 2, SEEN)])
    report = flows.report()
    assert (report.total.received, report.bytes_out, report.exporters) == (0, 0, ())
    assert flows.compared().mirror_flows == 1 and not flows.is_compared
    flows.finish()
    assert not (tmp_path / "hosts.db").exists()
