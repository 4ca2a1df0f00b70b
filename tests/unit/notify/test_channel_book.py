# SPDX-License-Identifier: MIT
"""Channels of the card and of the page; secrets stay inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.notify.channel_book import NAME, ChannelBook, secrets_of, target
from appliance.settings.sections.fit import Unfit
from appliance.settings.sections.notify import MOST, NotifyChannel

PHONE = NotifyChannel("phone", "ntfy", "https://ntfy.example/MARKED-topic", "MARKED-token")
POST = NotifyChannel("post", "mail", "me@example.org", "MARKED-password", "smtp.example.org")
CHAT = NotifyChannel("chat", "telegram", "123", "123456:MARKED-telegram")


def test_the_pages_channels_come_back_for_the_sender_alone(tmp_path: Path) -> None:
    book = ChannelBook([POST], tmp_path)
    book.put(PHONE)
    assert list(ChannelBook([POST], tmp_path)) == [POST, PHONE]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert book.is_of_page("phone") and not book.is_of_page("post")
    book.remove("phone")
    assert list(ChannelBook([POST], tmp_path)) == [POST] and book.named("phone") is None


def test_the_cards_channel_wins(tmp_path: Path) -> None:
    ChannelBook([], tmp_path).put(PHONE)
    other = NotifyChannel("phone", "webhook", "https://example.org/x")
    book = ChannelBook([other], tmp_path)
    assert list(book) == [other] and book.named("phone") == other
    with pytest.raises(Unfit, match="the card has a channel"):
        book.put(PHONE)


def test_there_is_a_bound(tmp_path: Path) -> None:
    book = ChannelBook([POST], tmp_path)
    for each in range(MOST - 1):
        book.put(NotifyChannel(f"c{each}", "ntfy", "https://ntfy.example/topic"))
    with pytest.raises(Unfit, match="already"):
        book.put(PHONE)


def test_a_damaged_file_is_told_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NAME).write_text('[notify]\nchannels = "MARKED-token"\n')
    assert list(ChannelBook([POST], tmp_path)) == [POST]
    assert "cannot be read" in caplog.text and "MARKED" not in caplog.text


OTHER = NotifyChannel("team", "other", secret="discord://123456/MARKED-token?x=MARKED-query")


HOME = NotifyChannel("home", "mqtt", "", "MARKED-password", "192.168.88.9", "me")


@pytest.mark.parametrize(
    "channel", [PHONE, POST, CHAT, OTHER, HOME], ids=lambda channel: channel.name
)
def test_what_may_be_shown_holds_no_secret(channel: NotifyChannel) -> None:
    assert "MARKED" not in target(channel) + repr(channel) and target(channel)
    assert any("MARKED" in each for each in secrets_of(channel))
