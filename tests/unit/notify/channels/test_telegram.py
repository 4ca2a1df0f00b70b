# SPDX-License-Identifier: MIT
"""Messages to Telegram, as its documentation says and as Apprise sends them."""

from __future__ import annotations

import apprise
import pytest
from apprise.plugins.telegram import NotifyTelegram

from appliance.notify.channels import telegram
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import TOKEN, PlayedServer
from tests.unit.notify.sample_news import LONGEST, MESSAGE

WRONG = "123456:another-token-of-a-bot"


def channel(server: PlayedServer, token: str = TOKEN) -> NotifyChannel:
    return NotifyChannel("chat", "telegram", "123", token, server.address)


def test_a_message_is_sent_as_plain_text(server: PlayedServer) -> None:
    assert telegram.send(channel(server), MESSAGE).is_good
    taken = server.next()
    assert taken.body["text"] == f"{MESSAGE.title}\n{MESSAGE.text}"
    assert "parse_mode" not in taken.body


def test_a_wrong_token_is_told_in_their_words(server: PlayedServer) -> None:
    answer = telegram.send(channel(server, WRONG), MESSAGE)
    assert answer.status == 401 and "Unauthorized" in answer.words


def test_apprise_sends_to_the_same_place(
    server: PlayedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{server.address}/bot")
    other = apprise.Apprise()
    bot = "123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHI"
    assert other.add(f"tgram://{bot}/123/")
    other.notify(body=MESSAGE.text, title=MESSAGE.title)
    theirs = server.next()
    telegram.send(channel(server), MESSAGE)
    ours = server.next()
    assert theirs.path.replace(bot, TOKEN) == ours.path
    assert str(theirs.body["chat_id"]) == ours.body["chat_id"]


def test_what_is_too_long_is_cut_at_a_line_rather_than_refused_for_ever(
    server: PlayedServer,
) -> None:
    answer = telegram.send(NotifyChannel("chat", "telegram", "1", TOKEN, server.address), LONGEST)
    assert answer.is_good, answer.words
    found = server.next().body["text"]
    assert found.endswith("\n…") and found.split("\n")[0] == LONGEST.title
