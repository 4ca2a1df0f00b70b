# SPDX-License-Identifier: MIT
"""The sender: a socket for questions, wishes of the page, and no secret in what it tells."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.notify import send_service, send_socket, wishes
from appliance.notify.channel_book import ChannelBook
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.send_service import MessageSender
from appliance.notify.send_socket import SendAnswer, SenderTask, SendQuestion
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from appliance.reports.notify import SendReport
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.sample_news import MESSAGE
from tests.unit.notify.test_channel_book import PHONE, POST

DEADLINE_S = 60.0


def until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def places(tmp_path: Path) -> Path:
    for name in ("kept", "run", "run/wishes", "status"):
        (tmp_path / name).mkdir()
    return tmp_path


def good(channel: NotifyChannel, message: OutgoingMessage) -> SendAnswer:
    return SendAnswer(True, f"200 {message.title}")


def sender(places: Path, send: send_service.Send = good) -> MessageSender:
    book = ChannelBook([POST], places / "kept")
    return MessageSender(book, wishes.inbox(places / "run/wishes"), "box", send)


def test_an_answer_is_noted(places: Path) -> None:
    made = sender(places)
    assert made.answer(SendQuestion("post", MESSAGE)).good
    found = made.report().named("post")
    assert found is not None and found.good and found.answer == f"200 {MESSAGE.title}"
    assert found.answered > 0 and not found.tested and not found.by_page


def test_a_channel_that_is_not_there_is_an_answer(places: Path) -> None:
    assert not sender(places).answer(SendQuestion("other", MESSAGE)).good


def test_the_page_sets_up_tests_and_removes(places: Path) -> None:
    made, inbox = sender(places), wishes.inbox(places / "run/wishes")
    inbox.post(NotifyWish(NotifyWishKind.PUT, "phone", {"way": "ntfy", "to": PHONE.to}))
    made.grant()
    found = made.report().named("phone")
    assert found is not None and found.by_page and found.target == "ntfy.example"
    inbox.post(NotifyWish(NotifyWishKind.TEST, "phone"))
    made.grant()
    until(lambda: made.report().named("phone").tested, "the test is answered")  # type: ignore[union-attr]
    inbox.post(NotifyWish(NotifyWishKind.REMOVE, "phone"))
    made.grant()
    assert made.report().named("phone") is None


def test_a_wish_that_cannot_be_granted_is_told_without_its_values(
    places: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made, inbox = sender(places), wishes.inbox(places / "run/wishes")
    inbox.post(NotifyWish(NotifyWishKind.PUT, "chat", {"way": "telegram", "to": "MARKED-to",
                                                     "secret": "MARKED-secret"}))  # fmt: skip
    made.grant()
    assert "expected" in made.report().trouble
    assert "MARKED" not in made.report().trouble + caplog.text


def test_one_that_hangs_delays_no_other(places: Path) -> None:
    release = threading.Event()

    def send(channel: NotifyChannel, message: OutgoingMessage) -> SendAnswer:
        if channel.name == "post":
            release.wait(DEADLINE_S)
        return SendAnswer(True, "200")

    made = sender(places, send)
    made.book.put(PHONE)
    pairs = [socket.socketpair() for _ in range(2)]
    for (here, there), name in zip(pairs, ("post", "phone"), strict=True):
        send_socket.write(here, SenderTask(SendQuestion(name, MESSAGE)))
        made.serve(there)
        here.settimeout(DEADLINE_S)
    assert send_socket.read(pairs[1][0], SendAnswer).good
    release.set()
    assert send_socket.read(pairs[0][0], SendAnswer).good
    for here, _ in pairs:
        here.close()


def test_nonsense_on_the_socket_is_no_end(places: Path) -> None:
    made = sender(places)
    for _ in range(2 * send_service.MOST_AT_ONCE):
        here, there = socket.socketpair()
        here.sendall(b"nonsense\n")
        made.serve(there)
        here.close()
    until(lambda: made.answer(SendQuestion("post", MESSAGE)).good, "it goes on")


def test_ways_out_are_named(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    assert send_service.network(routes) == ""
    routes.write_text("Iface\tDestination\tGateway\n"
                      "eth0\t00000000\t0158A8C0\t0003\neth0\t0058A8C0\t00000000\n")  # fmt: skip
    assert send_service.network(routes) == "eth0 0158A8C0"


@pytest.fixture
def running(places: Path, server: PlayedServer) -> Iterator[subprocess.Popen[str]]:
    text = f"""[notify]
channels = [{{ name = "hook", way = "webhook", to = "{server.address}/MARKED-path" }}]
"""
    (places / "settings.toml").write_text(text)
    environment = os.environ | {
        "GLOVEBOX_RUNTIME_DIRECTORY": str(places / "status"),
        "GLOVEBOX_CONFIG": str(places / "settings.toml"),
    }
    argv = [sys.executable, "-m", "appliance.cli", "notify-send", "--verbose"]
    argv += ["--folder", str(places / "kept"), "--run", str(places / "run")]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.slow
def test_the_service_sends_and_ends(
    running: subprocess.Popen[str], places: Path, server: PlayedServer
) -> None:
    until((places / "run" / send_service.MARK).exists, "it has a channel")
    answer = send_socket.send(SendQuestion("hook", MESSAGE), places / "run/socket")
    assert answer.good and server.next().path == "/MARKED-path"
    running.send_signal(signal.SIGTERM)
    _, told = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 0 and "MARKED" not in told
    report = SendReport.require(places / "status")
    assert report.channels[0].good and report.channels[0].target == "127.0.0.1"
    assert "MARKED" not in (places / "status/notify-send.json").read_text()


@pytest.mark.slow
def test_without_a_channel_it_ends_at_once(places: Path) -> None:
    environment = os.environ | {
        "GLOVEBOX_RUNTIME_DIRECTORY": str(places / "status"),
        "GLOVEBOX_CONFIG": str(places / "none.toml"),
    }
    argv = [sys.executable, "-m", "appliance.cli", "notify-send"]
    argv += ["--folder", str(places / "kept"), "--run", str(places / "run")]
    assert subprocess.run(argv, env=environment, timeout=DEADLINE_S, check=False).returncode == 0
    assert not (places / "run" / send_service.MARK).exists()
