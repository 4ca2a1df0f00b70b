# SPDX-License-Identifier: MIT
"""What the service takes, publishes and keeps; as a process it runs in tests/net/test_flows.py."""

from __future__ import annotations

import socket
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.flows.collector import Collector
from appliance.flows.counting import HostCounting
from appliance.flows.exporters import Exporters
from appliance.flows.host_reader import HostReader
from appliance.flows.keeping import TemplateFile
from appliance.flows.records import halves
from appliance.flows.schema import DATABASE
from appliance.flows.service import PORTION_BYTES, FlowService, listed, main, portions
from appliance.flowstore import spool
from appliance.flowstore.spool import FlowSpool
from appliance.reports.flows import FlowsReport
from appliance.settings import config
from appliance.settings.config import Config
from appliance.settings.sections.exclusions import WAYS
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.router import RouterConfig, RouterEntry
from tests.unit.flows.exporting import ROUTER, flow_set, record, template, v9


def test_routers_that_are_set_up_to_send_flows_are_listed() -> None:
    routers = RouterConfig(
        (
            RouterEntry("home", ip_address("192.168.88.1"), flows=True),
            RouterEntry("other", ip_address("192.168.99.1")),
        )
    )
    settings = Config(router=routers, flows=FlowsConfig(exporters=(ip_address("10.0.0.1"),)))
    assert listed(settings) == (ip_address("10.0.0.1"), ip_address("192.168.88.1"))
    assert listed(Config()) == ()


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
