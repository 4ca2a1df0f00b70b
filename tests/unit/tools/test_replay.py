# SPDX-License-Identifier: MIT
"""The command line of playing, and what it reports; the rest is tested in tests/net/."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

import pytest

from appliance import service
from appliance.receiver import service as receiver
from appliance.reports.outcomes import Tally
from appliance.settings import config
from appliance.tools import replay
from appliance.tools.replay import counters, main
from appliance.tools.summary import Played


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda: (config.Config(), []))


@pytest.mark.parametrize("files", [["-"], ["a.pcap", "b.pcap"]], ids=repr)
def test_main_with_files_plays_them(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Any] = []

    def play(arguments: argparse.Namespace) -> int:
        played.append(arguments)
        return 7

    monkeypatch.setattr(replay, "play", play)
    assert main(["--topspeed", "--intf1", "eth9", "--report", "json", *files]) == 7
    (arguments,) = played
    assert (arguments.files, arguments.interface, arguments.report) == (files, "eth9", "json")


def test_counters_have_the_names_of_the_receiving_side() -> None:
    assert Tally().as_json().keys() <= counters(Played()).keys()
    assert {"socket_overflow", "reassembly_failures"} <= counters(Played()).keys()


def test_counters_are_conserved() -> None:
    played = Played(read=10, read_bytes=900, sent=6, sent_bytes=600)
    played.failed = Counter(
        oversize=1, malformed=1, no_buffer=1, interface_down=0, unsupported_encapsulation=1
    )
    report = counters(played)
    dropped = report["dropped"]
    assert report["datagrams_received"] == 10
    assert report["frames_sent"] + report["keepalives"] + sum(dropped.values()) == 10
    assert (report["bytes_received"], report["bytes_sent"]) == (900, 600)


def test_main_without_files_receives(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[argparse.Namespace] = []

    def receive(running: service.Running) -> int:
        received.append(running.arguments)
        return 7

    monkeypatch.setattr(receiver, "receive", receive)
    monkeypatch.setattr(service, "log_to_journal", lambda *arguments: None)
    monkeypatch.setattr(service.Stop, "install", lambda stop: stop)
    assert main(["-i", "eth9", "--listen", "40000", "-v"]) == 7
    (arguments,) = received
    assert (arguments.interface, arguments.listen[0].port) == ("eth9", 40000)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--listen", "40000", "a.pcap"], "exclude"),
        (["--topspeed"], "topspeed: for files only"),
        (["--loop", "3", "--pps", "5"], "loop, pps: for files only"),
    ],
    ids=" ".join,
)
def test_main_refuses(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_main_help_tells_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "3 no such interface" in capsys.readouterr().out.replace("\n", " ")
