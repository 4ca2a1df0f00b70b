# SPDX-License-Identifier: MIT
"""Any other service, through Apprise in a process of its own."""

from __future__ import annotations

import builtins
from dataclasses import replace

import pytest

from appliance.notify.channels import apprise_url
from appliance.notify.send_once import send_once
from appliance.notify.send_socket import SendAnswer, SendError
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.sample_news import MESSAGE


def channel(server: PlayedServer, path: str) -> NotifyChannel:
    host = server.address.removeprefix("http://")
    return NotifyChannel("team", "other", secret=f"json://me:MARKED-password@{host}{path}")


@pytest.mark.slow
def test_a_message_is_taken(server: PlayedServer) -> None:
    assert send_once(channel(server, "/hook"), MESSAGE) == SendAnswer(True, "taken")
    body = server.next().body
    assert (body["title"], body["message"]) == (MESSAGE.title, MESSAGE.text)


@pytest.mark.slow
def test_a_refusal_is_told_by_its_status_alone(server: PlayedServer) -> None:
    answer = send_once(channel(server, "/echo/MARKED-path"), MESSAGE)
    assert answer == SendAnswer(False, "it answered 403")


@pytest.mark.slow
def test_nobody_there_is_a_plain_word() -> None:
    lost = NotifyChannel("team", "other", secret="json://127.0.0.1:1/MARKED")
    assert send_once(lost, MESSAGE) == SendAnswer(False, "it cannot be reached")


def test_an_address_that_it_does_not_know(server: PlayedServer) -> None:
    odd = replace(channel(server, "/"), secret="pigeon://MARKED")
    with pytest.raises(SendError, match="^Apprise does not know this address$"):
        apprise_url.send(odd, MESSAGE)


def test_without_apprise_it_says_so(monkeypatch: pytest.MonkeyPatch, server: PlayedServer) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SendError, match="not installed"):
        apprise_url.send(channel(server, "/"), MESSAGE)
