# SPDX-License-Identifier: MIT
"""Batches at real collectors, rsyslog and ClickHouse, and at those that are played."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from appliance.notify.forward.collectors import hand_over
from appliance.settings.sections.forward import ForwardTarget
from tests.conftest import missing
from tests.unit.notify.forward.sample_records import ALERTS, LINES
from tests.unit.notify.played_collectors import PlayedCollector
from tests.unit.notify.test_send_service import until

RSYSLOG = """
module(load="imtcp")
module(load="imudp")
module(load="imptcp")
global(workDirectory="{folder}" maxMessageSize="64k")
template(name="whole" type="string" string="%syslogseverity% %hostname% %app-name% %msg%\\n")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="syslog") {{ action(type="omfile" file="{folder}/syslog" template="whole") }}
ruleset(name="eve") {{ action(type="omfile" file="{folder}/eve" template="raw") }}
input(type="imtcp" address="127.0.0.1" port="{syslog}" ruleset="syslog")
input(type="imudp" address="127.0.0.1" port="{syslog}" ruleset="syslog")
input(type="imptcp" address="127.0.0.1" port="{eve}" ruleset="eve" multiline="off")
"""

CLICKHOUSE = """
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host><http_port>{port}</http_port>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
  <mark_cache_size>5000000</mark_cache_size>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
</yandex>
"""
CLICKHOUSE_USERS = """
<yandex>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users>
    <me>
      <password>MARKED</password><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota>
    </me>
    <default>
      <password>other</password><networks/><profile>default</profile><quota>default</quota>
    </default>
  </users>
</yandex>
"""
MOMENT = "%Y-%m-%d %H:%M:%S.%f"
# Debian's ClickHouse is of a time before DateTime64.
TABLE = """
CREATE TABLE alerts (
  time String, sensor String, id UInt64, engine String, gid UInt32, sid UInt32, rev UInt32,
  priority UInt8, message String, category String, protocol String, source String,
  source_port UInt16, destination String, destination_port UInt16
) ENGINE = Memory
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin")
    if found is None:
        missing(f"no {name}")
    return str(found)


def listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def asked_of(place: str, query: str) -> str:
    """Ask ClickHouse, as whom the tests hand over."""
    request = urllib.request.Request(f"{place}/", query.encode())
    request.add_header("X-ClickHouse-User", "me")
    request.add_header("X-ClickHouse-Key", "MARKED")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[tuple[int, int]]:
    ports, file = (free_port(), free_port()), tmp_path / "rsyslog.conf"
    file.write_text(RSYSLOG.format(folder=tmp_path, syslog=ports[0], eve=ports[1]))
    argv = [program("rsyslogd"), "-n", "-f", str(file), "-i", str(tmp_path / "pid")]
    with subprocess.Popen(argv) as process:
        until(lambda: all(map(listens, ports)), "rsyslog listens")
        yield ports
        process.terminate()


@pytest.fixture
def clickhouse(tmp_path: Path) -> Iterator[int]:
    """Run a server; return its port for HTTP."""
    if shutil.which("clickhouse-server") is None:
        pytest.skip("no clickhouse-server; not every release of Debian has one")
    port = free_port()
    (tmp_path / "config.xml").write_text(CLICKHOUSE.format(folder=tmp_path, port=port))
    (tmp_path / "users.xml").write_text(CLICKHOUSE_USERS)
    with subprocess.Popen(["clickhouse-server", f"--config-file={tmp_path}/config.xml"]) as process:
        until(lambda: listens(port), "ClickHouse listens")
        yield port
        process.terminate()


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_rsyslog_takes_syslog(rsyslog: tuple[int, int], tmp_path: Path, scheme: str) -> None:
    target = ForwardTarget("r", "syslog", f"{scheme}://127.0.0.1:{rsyslog[0]}")
    assert hand_over(target, LINES).good
    until(lambda: len(lines_of(tmp_path / "syslog")) == 3, "all lines are there")
    for found, line in zip(lines_of(tmp_path / "syslog"), LINES, strict=True):
        severity, host, name, text = found.split(" ", 3)
        assert (host, name) == ("box", "glovebox") and severity in "246"
        assert json.loads(text) == json.loads(line)


def test_rsyslog_takes_eve(rsyslog: tuple[int, int], tmp_path: Path) -> None:
    target = ForwardTarget("r", "eve", f"tcp://127.0.0.1:{rsyslog[1]}")
    assert hand_over(target, LINES).good
    until(lambda: len(lines_of(tmp_path / "eve")) == 3, "all lines are there")
    assert lines_of(tmp_path / "eve") == LINES


def test_a_real_clickhouse_takes_rows(clickhouse: int) -> None:
    """Over HTTP, with a password; a wrong one, and a table that is not there, are told."""
    place = f"http://127.0.0.1:{clickhouse}"
    asked_of(place, TABLE)
    target = ForwardTarget("c", "clickhouse", f"{place}/alerts", "me", "MARKED")
    assert hand_over(target, LINES).good
    names = "id, priority, message, source, destination_port, time"
    found = asked_of(place, f"SELECT {names} FROM alerts ORDER BY id FORMAT JSONCompact")
    assert json.loads(found)["data"] == [
        [str(a.id), a.priority, a.message, a.source, a.destination_port or 0, f"{a.time:{MOMENT}}"]
        for a in ALERTS
    ]
    for wrong in (replace(target, secret="wrong"), replace(target, to=f"{place}/missing")):
        refused = hand_over(wrong, LINES)
        assert not refused.good and refused.answer
        assert "MARKED" not in refused.answer


def test_http_gets_a_line_for_each(collector: PlayedCollector) -> None:
    target = ForwardTarget("h", "http", f"{collector.address}/in?a=b", "me", "MARKED")
    assert hand_over(target, LINES).good
    path, headers, body = collector.next()
    assert path == "/in?a=b" and body.decode().splitlines() == LINES
    assert headers["Authorization"].startswith("Basic ")


def test_opensearch_gets_a_bulk_and_its_refusals_count(collector: PlayedCollector) -> None:
    target = ForwardTarget("o", "opensearch", f"{collector.address}/alerts")
    assert hand_over(target, LINES).good
    path, headers, body = collector.next()
    assert path.startswith("/_bulk?filter_path=") and len(body.splitlines()) == 6
    assert headers["Content-Type"] == "application/x-ndjson"
    collector.answer = b'{"errors":true,"items":[{"create":{"status":429}}]}'
    refused = hand_over(target, LINES)
    assert not refused.good and refused.answer == "1 records refused"
    collector.answer = b"<html>"
    assert not hand_over(target, LINES).good


def test_loki_gets_a_push(collector: PlayedCollector) -> None:
    target = ForwardTarget("l", "loki", collector.address, secret="MARKED")
    assert hand_over(target, LINES).good
    path, headers, body = collector.next()
    assert path == "/loki/api/v1/push" and headers["Authorization"] == "Bearer MARKED"
    assert sum(len(each["values"]) for each in json.loads(body)["streams"]) == 3


def test_clickhouse_gets_an_insert(collector: PlayedCollector) -> None:
    target = ForwardTarget("c", "clickhouse", f"{collector.address}/home.alerts")
    assert hand_over(target, LINES).good
    path, _, body = collector.next()
    assert unquote(path) == "/?query=INSERT INTO home.alerts FORMAT JSONEachRow"
    assert len(body.splitlines()) == 3
