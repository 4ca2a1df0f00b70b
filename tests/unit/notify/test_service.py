# SPDX-License-Identifier: MIT
"""From alerts in the store to messages at a channel, through all that may go wrong on the way."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alerts.store import AlertStore
from appliance.notify import line_keeping
from appliance.notify.alert_totals import TotalsReader
from appliance.notify.courier import Courier
from appliance.notify.send_socket import SendAnswer, SendQuestion
from appliance.notify.service import Notifier
from appliance.reports.levels import Level
from appliance.reports.notify import NotifyReport, SendReport
from appliance.reports.states import State
from appliance.reports.supervisor import Finding, Health
from appliance.settings.sections.notify import NotifyConfig
from tests.unit.alerts.test_store import TEMPLATE
from tests.unit.notify.played_collectors import PlayedCollector
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.sample_news import NOW
from tests.unit.notify.test_send_service import DEADLINE_S, until

GRAVE = replace(TEMPLATE, priority=1)


class Played:
    """A sender that is played: what is `away` takes nothing, what `hangs` does not answer."""

    def __init__(self) -> None:
        self.sent: list[SendQuestion] = []
        self.away: set[str] = set()
        self.hangs: set[str] = set()
        self.release = threading.Event()

    def __call__(self, question: SendQuestion) -> SendAnswer:
        if question.channel in self.hangs:
            self.release.wait(DEADLINE_S)
        if question.channel in self.away:
            return SendAnswer(False, "away")
        self.sent.append(question)
        return SendAnswer(True, "200")

    def told(self, channel: str) -> int:
        return sum(each.message.alerts for each in self.sent if each.channel == channel)


def _is_back(courier: Courier) -> bool:
    return courier.is_idle or courier._answer is not None


class Bench:
    """A notifier, its store and a played sender; time goes on by turns."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.played, self.now = folder, Played(), NOW
        self.store = AlertStore(folder / "alerts.db", "boot")
        self.notifier = self.made()

    def made(self) -> Notifier:
        reader = TotalsReader(self.folder / "alerts.db", 1.0)
        made = Notifier(NotifyConfig(), "box", reader, self.folder, self.played)
        made.begin()
        return made

    def turn(self, *channels: str, seconds: float = 1.0, network: str = "eth0", faulty: bool = False
             ) -> NotifyReport:  # fmt: skip
        self.now += seconds
        checks = (Finding("engine", Level.FAIL, "It is dead.", "", None),) if faulty else ()
        health = Health(self.now, State.SEEING, Level.OK, "", checks)
        self.notifier.turn(channels, network, health, self.now)
        for name in set(channels) - self.played.hangs:
            until(functools.partial(_is_back, self.notifier._couriers[name]), "it answers")
        return self.notifier.report(self.now)

    def raised(self, count: int, sid: int = 1228) -> None:
        self.store.add([replace(GRAVE, sid=sid)] * count, {}, 1000)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.played.release.set()
    made.store.close()


def test_an_alert_becomes_a_message(bench: Bench) -> None:
    bench.raised(7)
    bench.turn("phone")
    bench.raised(3)
    report = bench.turn("phone")
    assert bench.played.told("phone") == 3, "what was there before is no news"
    report = bench.turn("phone")
    assert report.lines[0].heard == report.lines[0].told == 3 and report.lines[0].sent == 1
    assert bench.played.sent[0].message.title == "box: High: SCAN nmap XMAS"


def test_each_channel_is_told_all_and_one_that_hangs_delays_no_other(bench: Bench) -> None:
    bench.turn("phone", "post")
    bench.played.hangs = {"post"}
    for sid in range(5):
        bench.raised(2, sid)
        bench.turn("phone", "post")
    bench.turn("phone", "post")
    assert bench.played.told("phone") == 10 and bench.played.told("post") == 0
    report = bench.notifier.report(bench.now)
    assert [line.waiting for line in report.lines] == [0, 10]


def test_a_channel_that_is_away_loses_nothing_over_a_restart(bench: Bench) -> None:
    bench.turn("phone")
    bench.played.away = {"phone"}
    bench.raised(4)
    bench.turn("phone")
    report = bench.turn("phone")
    assert report.lines[0].trouble == "away" and report.lines[0].waiting == 4
    bench.notifier = bench.made()
    bench.raised(1000)  # While it does not run.
    bench.played.away = set()
    bench.turn("phone", seconds=3600)
    bench.turn("phone")
    assert bench.played.told("phone") == 1004 == bench.notifier.report(bench.now).lines[0].told


def test_another_network_is_tried_at_once(bench: Bench) -> None:
    bench.turn("phone")
    bench.played.away = {"phone"}
    bench.raised(1)
    for _ in range(3):
        bench.turn("phone")
    bench.played.away = set()
    bench.turn("phone")
    assert bench.played.told("phone") == 0, "it waits before it tries again"
    bench.turn("phone", network="wlan0")
    assert bench.played.told("phone") == 1


def test_a_new_channel_hears_what_comes_from_then_on(bench: Bench) -> None:
    bench.turn("phone")
    bench.raised(5)
    bench.turn("phone", "post")
    bench.raised(2, 9)
    bench.turn("phone", "post")
    assert (bench.played.told("phone"), bench.played.told("post")) == (7, 2)


def test_one_that_is_removed_is_forgotten(bench: Bench) -> None:
    bench.turn("phone")
    bench.played.away = {"phone"}
    bench.raised(5)
    bench.turn("phone")
    assert bench.turn().lines == ()
    assert line_keeping.read(bench.folder).lines == {}


def test_a_store_that_cannot_be_read_is_told_and_faults_go_on(bench: Bench) -> None:
    bench.turn("phone")
    (bench.folder / "alerts.db").unlink()
    (bench.folder / "alerts.db").write_bytes(b"no database" * 100)
    for _ in range(2):
        report = bench.turn("phone", seconds=61, faulty=True)
    assert report.trouble
    assert [each.message.kind for each in bench.played.sent] == ["fault"]


def test_a_card_that_is_full_is_told_and_messages_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(line_keeping, "keep", full)
    bench.turn("phone")
    bench.raised(1)
    report = bench.turn("phone")
    assert "No space" in report.trouble and bench.played.told("phone") == 1


def test_little_is_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    monkeypatch.setattr(line_keeping, "keep", lambda *found: written.append(found))
    for _ in range(60):
        bench.raised(1)
        bench.turn("phone")
    assert len(written) <= 3


@pytest.mark.slow
def test_both_services_take_alerts_to_a_channel_and_a_collector(
    tmp_path: Path, server: PlayedServer, collector: PlayedCollector
) -> None:
    """The real processes: store, writer, socket, sender, HTTP."""
    for name in ("kept", "run", "run/wishes", "status", "lines"):
        (tmp_path / name).mkdir()
    (tmp_path / "settings.toml").write_text(
        f'[[notify.channels]]\nname = "phone"\nway = "ntfy"\nto = "{server.address}/topic"\n'
        f'[[forward.targets]]\nname = "c"\nway = "http"\nto = "{collector.address}/"\n'
    )
    environment = os.environ | {
        "GLOVEBOX_RUNTIME_DIRECTORY": str(tmp_path / "status"),
        "GLOVEBOX_CONFIG": str(tmp_path / "settings.toml"),
    }
    store = AlertStore(tmp_path / "alerts.db", "boot")
    glovebox = [sys.executable, "-m", "appliance.cli"]
    sending = ["notify-send", "--folder", tmp_path / "kept", "--run", tmp_path / "run"]
    writing = ["notify", "--database", tmp_path / "alerts.db", "--folder", tmp_path / "lines",
               "--socket", tmp_path / "run/socket"]  # fmt: skip
    processes = [
        subprocess.Popen([*glovebox, *map(str, argv)], env=environment)
        for argv in (sending, writing)
    ]
    try:
        until(lambda: _has_begun(tmp_path / "status"), "both are there")
        store.add([GRAVE] * 3, {}, 1000)
        assert server.next().body["title"] == "glovebox: High: SCAN nmap XMAS"
        until(lambda: _told(tmp_path / "status") == 3, "it is noted as told")
        _, _, body = collector.next()
        assert len(body.splitlines()) == 3
        until(lambda: _forwarded(tmp_path / "status") == 3, "it is noted as forwarded")
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        statuses = [process.wait(DEADLINE_S) for process in processes]
        store.close()
    assert statuses == [0, 0]


def test_without_a_channel_it_ends_and_says_that_nobody_is_told(tmp_path: Path) -> None:
    """Else the supervisor would take the last report for one of a service that hangs."""
    (tmp_path / "lines").mkdir()
    SendReport(NOW, ()).publish(tmp_path)
    environment = os.environ | {
        "GLOVEBOX_RUNTIME_DIRECTORY": str(tmp_path), "GLOVEBOX_CONFIG": str(tmp_path / "none"),
    }  # fmt: skip
    argv = [sys.executable, "-m", "appliance.cli", "notify", "--folder", tmp_path / "lines",
            "--database", tmp_path / "none.db", "--socket", tmp_path / "none"]  # fmt: skip
    done = subprocess.run(list(map(str, argv)), env=environment, timeout=DEADLINE_S, check=False)
    report = NotifyReport.require(tmp_path)
    assert done.returncode == 0 and report.lines == () and report.queues == ()


def _has_begun(status: Path) -> bool:
    report = NotifyReport.read(status)
    both = report is not None and bool(report.lines) and bool(report.queues)
    return SendReport.read(status) is not None and both


def _forwarded(status: Path) -> int:
    report = NotifyReport.read(status)
    return report.queues[0].forwarded if report is not None and report.queues else 0


def _told(status: Path) -> int:
    report = NotifyReport.read(status)
    return report.lines[0].told if report is not None and report.lines else 0
