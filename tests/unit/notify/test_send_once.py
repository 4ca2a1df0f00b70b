# SPDX-License-Identifier: MIT
"""A process sends one message, is ended where it hangs, and tells no secret."""

from __future__ import annotations

import subprocess
import sys

import pytest

from appliance.notify import send_once
from appliance.notify.send_socket import SendAnswer
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.sample_news import MESSAGE


def test_a_message_is_delivered_by_a_process_of_its_own(server: PlayedServer) -> None:
    channel = NotifyChannel("hook", "webhook", f"{server.address}/hook")
    answer = send_once.send_once(channel, MESSAGE)
    assert answer.good and answer.answer.startswith("200 OK")
    assert server.next().body["title"] == MESSAGE.title


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
