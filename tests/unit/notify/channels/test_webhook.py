# SPDX-License-Identifier: MIT
"""Messages to an address of the owner's."""

from __future__ import annotations

from appliance.notify.channels import webhook
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import PlayedServer
from tests.unit.notify.sample_news import LONGEST, MESSAGE


def test_programs_and_chats_find_what_they_look_for(server: PlayedServer) -> None:
    channel = NotifyChannel("hook", "webhook", f"{server.address}/hook", "MARKED-hook-token")
    assert webhook.send(channel, MESSAGE).is_good
    taken = server.next()
    assert taken.headers["Authorization"] == "Bearer MARKED-hook-token"
    assert taken.body["alerts"] == 3 and taken.body["kind"] == "alert"
    said = f"{MESSAGE.title}\n{MESSAGE.text}"
    assert taken.body["text"] == taken.body["content"] == said
    assert (taken.body["title"], taken.body["message"]) == (MESSAGE.title, MESSAGE.text)


def test_what_is_too_long_is_cut_at_a_line_rather_than_refused_for_ever(
    server: PlayedServer,
) -> None:
    answer = webhook.send(NotifyChannel("hook", "webhook", f"{server.address}/hook"), LONGEST)
    assert answer.is_good, answer.words
    found = server.next().body["content"]
    assert found.endswith("\n…") and found.split("\n")[0] == LONGEST.title
