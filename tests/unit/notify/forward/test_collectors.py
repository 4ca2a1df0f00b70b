# SPDX-License-Identifier: MIT
"""Batches at a real collector, rsyslog, and at those that are played."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from appliance.notify.forward.collectors import hand_over
from appliance.settings.sections.forward import ForwardTarget
from tests.conftest import missing
from tests.unit.notify.forward.sample_records import LINES
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
