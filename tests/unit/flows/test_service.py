# SPDX-License-Identifier: MIT
"""What the service takes, publishes and keeps; as a process it runs in tests/net/test_flows.py."""

from __future__ import annotations

import socket
import time
from ipaddress import ip_address
from pathlib import Path

import numpy as np
import pytest

from appliance.flows.collector import Collector
from appliance.flows.counting import HostCounting
from appliance.flows.exporters import Exporters
from appliance.flows.host_reader import HostReader
from appliance.flows.keeping import TemplateFile
from appliance.flows.records import FLOW, halves
from appliance.flows.schema import DATABASE
from appliance.flows.service import PORTION_BYTES, FlowService, main, portions
from appliance.flows.sides import OwnNetworks, sides
from appliance.flowstore import spool
from appliance.flowstore.spool import FlowSpool
from appliance.flowwatch.flow_watch import FlowWatch
from appliance.flowwatch.listed_flows import ListedTalk
from appliance.intel import kept_lists
from appliance.intel.wishes import handed_on
from appliance.reports.flows import FlowsReport
from appliance.reports.intel import ListFacts
from appliance.settings import config
from appliance.settings.config import Config
from appliance.settings.sections.exclusions import WAYS
from tests.unit.flows.exporting import ROUTER, flow_set, record, template, v9


def test_what_is_published_and_kept(tmp_path: Path) -> None:
    collector = Collector(Exporters())
    kept = TemplateFile(collector.templates, tmp_path / "templates.json")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inlet:
        inlet.bind(("127.0.0.1", 0))
        counting = HostCounting(Config())
        flows = FlowService(collector, kept, [inlet], counting, tmp_path / DATABASE.name)
        waits = v9(flow_set(300, record()), sequence=1)
        flows.take([(ROUTER, 7, memoryview(v9(flow_set(0, template()), flow_set(256, record()))))])
        flows.take([(ROUTER, 7, memoryview(waits))])
        flows.tick()
        report = flows.report()
        ports = inlet.getsockname()[1]
    flows.finish()
    assert report.ports == (ports,) and report.socket_overflow == 0
    assert (report.total.received, report.total.kept, report.templates) == (2, 1, 1)
    assert (report.sets, report.waited, report.waiting) == (2, 1, 1)
    assert report.waiting_since is not None and abs(report.waiting_since - time.time()) < 60
    (exporter,) = report.exporters
    assert (exporter.address, exporter.version, exporter.counts) == (
        "192.168.88.1", 9, report.total,
    )  # fmt: skip
    assert (tmp_path / "templates.json").is_file()
    assert (report.bytes_in, report.bytes_out, report.copies) == (0, 1000, 0)
    assert list(map(str, HostReader(tmp_path / DATABASE.name).hosts(0, 1 << 40))) == ["10.77.0.9"]
    report.publish(tmp_path)
    assert FlowsReport.read(tmp_path) == report


def test_flows_are_handed_on_to_be_kept_one_by_one(tmp_path: Path) -> None:
    collector = Collector(Exporters())
    kept = TemplateFile(collector.templates, tmp_path / "templates.json")
    counting = HostCounting(Config())
    flows = FlowService(collector, kept, [], counting, tmp_path / "hosts.db", FlowSpool(tmp_path))
    sent = v9(flow_set(0, template()), flow_set(256, record()))
    flows.take([(ROUTER, 7, memoryview(sent))])
    flows.finish()
    (file,) = spool.ready(tmp_path)
    (row,) = spool.read(file)
    assert (int(row["bytes"]), WAYS[int(row["way"])]) == (1000, "out")
    assert (int(row["exporter_hi"]), int(row["exporter_lo"])) == halves(ip_address("192.168.88.1"))
    assert flows.report().spooled == 1 and flows.report().not_spooled == 0


def test_a_talk_with_somebody_listed_is_told(tmp_path: Path) -> None:
    """From datagrams of both directions to what glovebox-intel takes."""
    lists, told = tmp_path / "lists", handed_on(tmp_path / "told")
    lists.mkdir()
    (tmp_path / "told").mkdir()
    facts = ListFacts("a", "0", 1.0, 0, 1, (24,))
    kept_lists.write(lists, facts, [b"192.0.2.0/24"])
    collector = Collector(Exporters())
    kept = TemplateFile(collector.templates, tmp_path / "templates.json")
    watch = FlowWatch(told, lists, kept_lists.entries)
    flows = FlowService(collector, kept, [], HostCounting(Config()), tmp_path / "hosts.db",
                        watch=watch)  # fmt: skip
    flows.tick()
    assert watch._thread is not None
    watch._thread.join(60)
    made = np.zeros(3, FLOW)
    made["src_hi"], made["src_lo"] = halves(ip_address("10.77.0.9"))
    made["dst_hi"], made["dst_lo"] = halves(ip_address("192.0.2.5"))
    made["sport"], made["dport"], made["proto"] = 40_000, 443, 6
    for one, other in (("src_hi", "dst_hi"), ("src_lo", "dst_lo"), ("sport", "dport")):
        made[one][1], made[other][1] = made[other][0], made[one][0]
    made["dst_lo"][2] += 1 << 10
    flows._look_for_listed(made, sides(made, OwnNetworks()), 5.0)
    watch.tick(6.0)
    (found,) = told.take()
    assert found.talks == (ListedTalk("10.77.0.9", 40_000, "192.0.2.5", 443, 6),)


def test_without_a_socket_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda: (Config(), []))
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    with pytest.raises(ValueError, match="--listen"):
        main([])


def test_large_datagrams_are_taken_a_few_at_a_time() -> None:
    small, large = (ROUTER, 7, memoryview(bytes(1400))), (ROUTER, 7, memoryview(bytes(65_000)))
    assert [len(each) for each in portions([small] * 256)] == [256]
    sizes = [len(each) for each in portions([large] * 20)]
    assert sum(sizes) == 20 and max(sizes) * 65_000 <= PORTION_BYTES
    assert list(portions([])) == []
