# SPDX-License-Identifier: MIT
"""Messages to ntfy, as its documentation says and as Apprise sends them."""

from __future__ import annotations

import apprise

from appliance.notify.channels import ntfy
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.sample_news import LONGEST, MESSAGE


def test_a_message_is_published(server: PlayedServer) -> None:
    channel = NotifyChannel("phone", "ntfy", f"{server.address}/topic")
    assert ntfy.send(channel, MESSAGE).is_good
    taken = server.next()
    assert (taken.path, taken.body["topic"]) == ("/", "topic")
    assert taken.body["message"] == MESSAGE.text and taken.body["priority"] == ntfy.URGENT
    assert "Authorization" not in taken.headers


def test_a_closed_topic_wants_its_token(server: PlayedServer) -> None:
    closed = f"{server.address}/closed"
    answer = ntfy.send(NotifyChannel("phone", "ntfy", closed), MESSAGE)
    assert answer.status == 403 and "forbidden" in answer.words
    assert ntfy.send(NotifyChannel("phone", "ntfy", closed, "MARKED-ntfy-token"), MESSAGE).is_good


def test_apprise_sends_the_same_to_the_same_place(server: PlayedServer) -> None:
    host = server.address.removeprefix("http://")
    other = apprise.Apprise()
    assert other.add(f"ntfy://{host}/topic?mode=private")
    assert other.notify(body=MESSAGE.text, title=MESSAGE.title)
    theirs = server.next()
    ntfy.send(NotifyChannel("phone", "ntfy", f"{server.address}/topic"), MESSAGE)
    ours = server.next()
    assert theirs.path == ours.path
    for key in ("topic", "title", "message"):
        assert theirs.body[key] == ours.body[key]


def test_what_is_too_long_is_cut_at_a_line_rather_than_refused_for_ever(
    server: PlayedServer,
) -> None:
    answer = ntfy.send(NotifyChannel("phone", "ntfy", f"{server.address}/topic"), LONGEST)
    assert answer.is_good, answer.words
    found = server.next().body["message"]
    assert found.endswith("\n…") and found.split("\n")[0] == LONGEST.text.split("\n")[0]
