# SPDX-License-Identifier: MIT
"""A process sends one message, is ended where it hangs, and tells no secret."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from appliance.notify import send_once
from appliance.notify.send_once import ReadySender
from appliance.notify.send_socket import SendAnswer
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.sample_news import MESSAGE


def test_a_message_is_delivered_by_a_process_of_its_own(server: PlayedServer) -> None:
    channel = NotifyChannel("hook", "webhook", f"{server.address}/hook")
    answer = send_once.send_once(channel, MESSAGE)
    assert answer.good and answer.answer.startswith("200 OK")
    assert server.next().body["title"] == MESSAGE.title


@pytest.mark.slow
def test_one_that_hangs_is_ended(server: PlayedServer) -> None:
    channel = NotifyChannel("hook", "webhook", f"{server.address}/hang")
    answer = send_once.send_once(channel, MESSAGE, deadline_s=3.0)
    assert not answer.good and "did not answer" in answer.answer


def test_an_answer_that_repeats_the_secrets_is_shown_without_them(server: PlayedServer) -> None:
    url = f"{server.address}/echo/MARKED-path?key=MARKED-query"
    channel = NotifyChannel("hook", "webhook", url, "MARKED-token")
    answer = send_once.send_once(channel, MESSAGE)
    assert not answer.good and answer.answer.startswith("403 Forbidden")
    assert "MARKED" not in answer.answer


def test_a_process_that_fails_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    channel = NotifyChannel("hook", "webhook", "http://127.0.0.1:9/")
    found = send_once.send_once(channel, MESSAGE)
    assert found == SendAnswer(False, "the sending process failed")


def test_what_is_no_question_ends_it_without_an_answer() -> None:
    argv = [sys.executable, "-m", send_once.__name__]
    done = subprocess.run(argv, input=b"{}\n", capture_output=True, check=False)
    assert done.returncode and not done.stdout


@pytest.fixture
def ready() -> Iterator[ReadySender]:
    made = ReadySender()
    made.get_ready()
    yield made
    made.close()


def waiting(ready: ReadySender) -> subprocess.Popen[bytes]:
    assert ready._spare is not None
    return ready._spare


@pytest.mark.slow
def test_a_process_that_waits_sends_and_another_waits_then(
    ready: ReadySender, server: PlayedServer
) -> None:
    channel = NotifyChannel("hook", "webhook", f"{server.address}/hook")
    first = waiting(ready)
    assert ready.send(channel, MESSAGE).good and ready.send(channel, MESSAGE).good
    assert first.poll() == 0 and waiting(ready).pid != first.pid
    assert waiting(ready).poll() is None


@pytest.mark.slow
def test_one_that_died_while_it_waited_costs_no_message(
    ready: ReadySender, server: PlayedServer
) -> None:
    waiting(ready).kill()
    waiting(ready).wait()
    channel = NotifyChannel("hook", "webhook", f"{server.address}/hook")
    assert ready.send(channel, MESSAGE).good
    assert waiting(ready).poll() is None


@pytest.mark.slow
def test_what_waits_ends_with_who_started_it() -> None:
    process = send_once.started()
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0
    if process.stdout is not None:
        process.stdout.close()
