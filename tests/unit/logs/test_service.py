# SPDX-License-Identifier: MIT
"""Lines become events or counted drops; what is published, and what the page asks for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import GloveboxError
from appliance.logs import live_ring, wishes
from appliance.logs.day_files import PACKETS, DayFile
from appliance.logs.lines.meaning import Reader
from appliance.logs.live_ring import LiveRing
from appliance.logs.recorder import Recorder
from appliance.logs.senders import Senders
from appliance.logs.service import Lines, LogService
from appliance.logs.wishes import DayWish
from appliance.reports.logs import LogsReport
from tests.net import logs_service
from tests.unit.logs.conftest import NOON, a_line
from tests.unit.logs.test_intake import Taken

DEADLINE_S = 60.0


@pytest.fixture
def lines(recorder: Recorder) -> Lines:
    senders = Senders([ip_address("192.168.88.1")])
    ring = LiveRing(recorder.parts)
    return Lines(senders, recorder, Reader(), lambda: NOON, earliest=NOON - 1, ring=ring)


def take(lines: Lines, text: str, source: str = "192.168.88.1") -> None:
    lines.take(text.encode(), lines.senders.find(source))


def dropped(lines: Lines) -> dict[str, int]:
    return {each.reason: each.count for each in lines.ledger.reasons()}


def test_every_line_is_an_event_or_a_counted_drop(lines: Lines) -> None:
    login = {"eventid": "cowrie.login.failed", "src_ip": "1.1.1.1", "username": "u"}
    for text in (
        a_line(),
        a_line(protocol="TCP (ACK)"),
        json.dumps(login),
        json.dumps(login | {"eventid": "cowrie.session.connect"}),
        json.dumps(login | {"eventid": "cowrie.direct-tcpip.request", "dst_port": 25}),
        lines.word,
        "",
        "\r\n",
        "system,info,account user admin logged in",
        "what is this",
        json.dumps({"eventid": "cowrie.login.failed"}),
    ):
        take(lines, text)
    take(lines, a_line(), "192.168.88.99")
    assert lines.ledger.events == {
        "attempt": 1, "answer": 1, "failed-login": 1, "honeypot": 1, "tunnel": 1, "checked": 1
    }  # fmt: skip
    assert dropped(lines) == {
        "not-understood": 1, "other-topic": 1, "no-source": 1, "empty": 2, "unlisted": 1
    }  # fmt: skip
    assert lines.ledger.received == 12
    assert (lines.heard, lines.heard_from) == (NOON, "192.168.88.1")


ODD = (
    a_line(protocol="999"), a_line(protocol="²"), a_line(port=0),
    "x IN=eth0 OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=60 TOS=0 PROTO=² SPT=1 DPT=2",
    "x IN=eth0 OUT= SRC=1.2.3.4 DST=5.6.7.8 LEN=60 TOS=0 PROTO=300 ",
    "filterlog: 4,,,1,igb0,match,block,in,4,0x0,,64,1,0,none,999,300,84,192.0.2.1,192.0.2.2,",
    '{"eventid":"cowrie.login.failed","src_ip":"192.0.2.1","username":"\\ud800","password":1e999}',
    '{"eventid":"cowrie.direct-tcpip.request","src_ip":"::1","dst_ip":"\\udfff","dst_port":0}',
    "CEF:0|Cowrie|Cowrie|1|e|e|5|src=192.0.2.1 msg=login attempt [/] failed duser=",
    "[ssh,a,192.0.2.1] login attempt [b'\\ud800'/b'\\U0010ffff'] failed",
)  # fmt: skip
PIECES = st.sampled_from(
    (*ODD, "9", "\0", "²", "\ud7ff", " ", ",", "IN=", "proto ", "{", "'", "\\", "[", "]")
)


@pytest.mark.parametrize("text", ODD)
def test_no_odd_line_ends_the_service(lines: Lines, text: str) -> None:
    take(lines, text)
    take(lines, a_line())
    lines.recorder.show()
    lines.ring.publish()
    assert lines.ledger.received == 2 and lines.ledger.events["attempt"] >= 1
    assert sum(lines.ledger.events.values()) + sum(dropped(lines).values()) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ODD), st.lists(st.tuples(st.integers(0, 999), st.integers(0, 9), PIECES)))
def test_no_changed_line_ends_it(
    lines: Lines, text: str, changes: list[tuple[int, int, str]]
) -> None:
    before = lines.ledger.received
    for place, length, piece in changes:
        place %= len(text) + 1
        text = (text[:place] + piece + text[place + length :])[:8192]
    take(lines, text)
    assert lines.ledger.received == before + 1
    assert sum(lines.ledger.events.values()) + sum(dropped(lines).values()) == before + 1


def test_nothing_is_kept_before_the_clock_is_set(lines: Lines) -> None:
    lines.earliest = NOON + 1
    take(lines, a_line())
    assert dropped(lines) == {"clock-unset": 1}


def test_a_full_day_is_counted(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.logs.recorder.LARGEST_DAY", 0)
    take(lines, a_line())
    assert dropped(lines) == {"over-limit": 1}


def served(lines: Lines, taken: Taken) -> LogService:
    box = wishes.inbox(lines.recorder.parts)
    box.folder.mkdir()
    return LogService(lines, taken.intake, box, NOON)


def test_the_report_says_what_became_of_the_lines(lines: Lines, tmp_path: Path) -> None:
    taken = Taken()
    made = served(lines, taken)
    take(lines, a_line())
    take(lines, "?")
    report = made.report()
    report.publish(tmp_path)
    again = LogsReport.read(tmp_path)
    assert again == report
    total = sum(report.events.values()) + sum(each.count for each in report.dropped)
    assert report.received == total == 2
    assert [(each.address, each.lines) for each in report.senders] == [("192.168.88.1", 2)]
    taken.close()


def test_a_day_is_deleted_as_the_page_asks(lines: Lines, caplog: pytest.LogCaptureFixture) -> None:
    taken = Taken()
    made = served(lines, taken)
    take(lines, a_line())
    take(lines, "what is this")
    made.inbox.post(DayWish("2026-11-27"))
    made.inbox.post(DayWish("../../etc"))
    made.turn()
    assert not list(DayFile(_day(), PACKETS, lines.recorder.folder, lines.recorder.parts).blocks())
    assert "not deleted" in caplog.text
    # What those who watch see is told with the next turn.
    made.turn()
    assert live_ring.read(lines.ring.parts) == []
    assert [(each.count, each.last) for each in lines.ledger.reasons()] == [(1, ())]
    taken.close()


def _day() -> date:
    return date(2026, 11, 27)


@pytest.mark.slow
def test_the_service_takes_lines_and_ends_with_all_on_the_card(tmp_path: Path) -> None:
    """As systemd starts it, but for its sockets; a port that is taken is told."""
    for name in ("run", "days", "parts", "parts/wishes"):
        (tmp_path / name).mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "appliance.cli", "logs", "--listen", str(port)]
    argv += ["--folder", str(tmp_path / "days"), "--parts", str(tmp_path / "parts")]
    own = {"GLOVEBOX_RUNTIME_DIRECTORY": str(tmp_path / "run"), "GLOVEBOX_CONFIG": "/dev/null"}
    process = subprocess.Popen(argv, env=os.environ | own)
    try:
        report = _published(tmp_path / "run", lambda report: True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for text in (a_line(), report.word):
                sender.sendto(text.encode(), ("127.0.0.1", port))
        with socket.create_connection(("127.0.0.1", port)) as made:
            made.sendall(a_line(23).encode() + b"\n")
            report = _published(tmp_path / "run", lambda report: report.received == 3)
        assert report.events == {"attempt": 2, "checked": 1}
        assert report.heard_from == "127.0.0.1"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    (file,) = (tmp_path / "days").iterdir()
    day = date.fromisoformat(file.name.partition(".")[0])
    blocks = list(DayFile(day, PACKETS, tmp_path / "days", tmp_path / "parts").blocks())
    assert len(blocks) == 1


@pytest.mark.slow
def test_a_sender_that_floods_fills_no_queue_of_another(tmp_path: Path) -> None:
    """It comes while the service has no time, and before what the router logs."""
    router, honeypot = "127.0.0.2", "127.0.0.3"
    settings = tmp_path / "glovebox.toml"
    settings.write_text(f'[logs]\nsources = ["{router}", "{honeypot}"]\n')
    with logs_service.started(tmp_path, str(settings)) as (port, process):
        process.send_signal(signal.SIGSTOP)
        for host, count in ((honeypot, 20_000), (router, 100)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((host, 0))
                for _ in range(count):
                    sender.sendto(a_line().encode().ljust(1000), ("127.0.0.1", port))
        process.send_signal(signal.SIGCONT)

        def lines(report: LogsReport) -> dict[str, int]:
            return {each.address: each.lines for each in report.senders}

        report = _published(tmp_path / "run", lambda each: lines(each).get(router) == 100)
        assert report.lost > 0


def _published(folder: Path, wanted: Callable[[LogsReport], bool]) -> LogsReport:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        report = LogsReport.read(folder)
        if report is not None and wanted(report):
            return report
        time.sleep(0.05)
    raise GloveboxError("nothing was published")
