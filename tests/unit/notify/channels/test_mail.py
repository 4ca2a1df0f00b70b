# SPDX-License-Identifier: MIT
"""Mail over TLS to a real server, and nothing without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.notify.channels import mail
from appliance.notify.send_socket import SendError
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.played_services import PATIENCE_S, PostBox, message_of, post_office
from tests.unit.notify.sample_news import MESSAGE

PASSWORD = "MARKED-mail-password"


def channel(server: str, password: str = PASSWORD) -> NotifyChannel:
    return NotifyChannel("post", "mail", "me@example.org", password, server)


def test_a_mail_arrives(office: tuple[str, PostBox]) -> None:
    where, box = office
    assert mail.send(channel(where), MESSAGE) == "250 taken, thank you"
    found = message_of(box.mails.get(timeout=PATIENCE_S))
    assert found["Subject"] == MESSAGE.title and found["To"] == found["From"] == "me@example.org"
    assert found["Auto-Submitted"] == "auto-generated" and found["Date"]
    assert str(found.get_payload()).strip() == MESSAGE.text


def test_letters_of_all_kinds_arrive(office: tuple[str, PostBox]) -> None:
    where, box = office
    mail.send(channel(where), replace(MESSAGE, title="Größe ×", text="Ü → 東京"))
    found = message_of(box.mails.get(timeout=PATIENCE_S))
    assert "東京" in bytes(found.get_payload(decode=True)).decode()


def test_a_wrong_password_is_told_in_their_words(office: tuple[str, PostBox]) -> None:
    with pytest.raises(SendError, match="^535 ") as caught:
        mail.send(channel(office[0], "MARKED-wrong"), MESSAGE)
    assert "MARKED" not in str(caught.value)


def test_without_tls_nothing_is_sent(tls: tuple[Path, Path]) -> None:
    with post_office(*tls, tls=False) as (where, box):
        with pytest.raises(SendError, match="no encryption"):
            mail.send(channel(where), MESSAGE)
        assert box.mails.empty()


def test_a_certificate_must_be_trusted(tls: tuple[Path, Path]) -> None:
    with post_office(*tls) as (where, _), pytest.raises(SendError, match="not trusted"):
        mail.send(channel(where), MESSAGE)


def test_nobody_there_is_a_plain_word() -> None:
    with pytest.raises(SendError, match="refused"):
        mail.send(channel("127.0.0.1:1"), MESSAGE)


@pytest.mark.parametrize(
    ("server", "wanted"),
    [
        ("smtp.example.org", ("smtp.example.org", 587)),
        ("smtp.example.org:465", ("smtp.example.org", 465)),
        ("[2001:db8::1]", ("2001:db8::1", 587)),
        ("[2001:db8::1]:25", ("2001:db8::1", 25)),
    ],
)
def test_where_the_server_is(server: str, wanted: tuple[str, int]) -> None:
    assert mail.where(server) == wanted


def test_a_title_that_is_two_lines_is_refused() -> None:
    with pytest.raises(ValueError):
        mail.written(channel("x"), replace(MESSAGE, title="a\nBcc: b"), "me@example.org")
