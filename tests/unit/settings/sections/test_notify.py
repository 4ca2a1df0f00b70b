# SPDX-License-Identifier: MIT
"""[notify]: what fits, and that no error says what may be a secret."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.errors import ConfigError
from appliance.settings.config import Config, build, shown
from appliance.settings.plan import public, secrets_of
from appliance.settings.sections.notify import MOST, NotifyConfig

PHONE = {"name": "phone", "way": "ntfy", "to": "https://ntfy.sh/MARKED-topic"}
POST = {"name": "post", "way": "mail", "to": "me@example.org", "server": "smtp.example.org:465",
        "secret": "MARKED-password"}  # fmt: skip
CHAT = {"name": "chat", "way": "telegram", "to": "-100123", "secret": "123456:MARKED-secret"}
HOOK = {"name": "hook", "way": "webhook", "to": "https://example.org/MARKED"}
TEAM = {"name": "team", "way": "other", "secret": "discord://1234/MARKED"}
ALL = [PHONE, POST, CHAT, HOOK, TEAM]


def config(*channels: Any, **keys: Any) -> Config:
    return build({"notify": {"channels": list(channels), **keys}})


def test_channels_fit() -> None:
    assert [each.name for each in config(*ALL).notify.channels] == [
        "phone", "post", "chat", "hook", "team",
    ]  # fmt: skip


def test_nothing_of_a_channel_is_shown_or_handed_on() -> None:
    found = config(*ALL)
    assert "MARKED" not in repr(found) + str(shown(found))
    assert secrets_of("notify") == {"channels"}
    assert "MARKED" not in str(public({"notify": {"channels": ALL, "least": 1}}))


@pytest.mark.parametrize(
    "bad",
    [
        PHONE | {"to": "https://ntfy.sh/"},
        PHONE | {"to": "ftp://MARKED/x"},
        PHONE | {"to": "MARKED"},
        PHONE | {"to": ["https://ntfy.sh/MARKED"]},
        PHONE | {"to": "https://MARKED:MARKED@ntfy.sh/x"},
        PHONE | {"to": "https://ntfy.sh/MARKED\n"},
        PHONE | {"secret": 98765},
        PHONE | {"secret": "MARKED" * 100},
        PHONE | {"token": "MARKED"},
        PHONE | {"way": "pigeon"},
        PHONE | {"name": "My Phone"},
        PHONE | {"https://ntfy.sh/MARKED": "x"},
        POST | {"to": "MARKED"},
        POST | {"server": "https://smtp.example.org/MARKED"},
        POST | {"server": ""},
        CHAT | {"secret": "MARKED-secret"},
        CHAT | {"to": "MARKED chat"},
        HOOK | {"to": "javascript:MARKED"},
        TEAM | {"secret": "MARKED"},
        TEAM | {"secret": "discord://MARKED MARKED"},
        "tgram://MARKED",
    ],
)
def test_what_does_not_fit_is_refused_without_its_value(bad: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        config(bad)
    assert "MARKED" not in str(caught.value) and "98765" not in str(caught.value)


def test_the_list_as_a_text_is_refused_without_it() -> None:
    with pytest.raises(ConfigError) as caught:
        build({"notify": {"channels": "https://ntfy.sh/MARKED"}})
    assert "MARKED" not in str(caught.value)


def test_names_are_there_once_and_there_is_a_bound() -> None:
    with pytest.raises(ConfigError, match="each name once"):
        config(PHONE, PHONE)
    with pytest.raises(ConfigError, match="at most"):
        config(*(PHONE | {"name": f"c{each}"} for each in range(MOST + 1)))


@pytest.mark.parametrize("bad", [{"least": 0}, {"least": 5}, {"quiet_hours": "22-7"}])
def test_other_keys_have_their_bounds(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        config(**bad)


def test_quiet_hours_go_over_midnight() -> None:
    night = NotifyConfig(quiet_hours="22:00-07:00")
    assert [night.is_quiet(hour * 60) for hour in (21, 22, 0, 6, 7)] == [
        False, True, True, True, False,
    ]  # fmt: skip
    noon = NotifyConfig(quiet_hours="12:00-13:30")
    assert [noon.is_quiet(minute) for minute in (719, 720, 809, 810)] == [False, True, True, False]
    assert not NotifyConfig().is_quiet(0)


@pytest.mark.parametrize(
    "server", ["a.example:99999", "a.example:65536", "a.example:0", "[::1]:70000"]
)
@pytest.mark.parametrize("way", ["mail", "mqtt"])
def test_a_port_that_cannot_be_is_refused(way: str, server: str) -> None:
    to = {"to": "me@example.org"} if way == "mail" else {}
    with pytest.raises(ConfigError, match="server: expected the"):
        config({"name": "x", "way": way, "server": server, **to})


@pytest.mark.parametrize(
    "server", ["a.example", "a.example:465", "[::1]", "[::1]:25", "a.example:65535"]
)
def test_a_server_with_or_without_its_port(server: str) -> None:
    assert config({"name": "x", "way": "mail", "to": "me@example.org", "server": server})


@pytest.mark.parametrize("user", ["a@b, c@d", "me <a@b>", "@", 'a"b@c', "a@b;c@d"])
def test_who_sends_a_mail_is_one_plain_address(user: str) -> None:
    mail = {"name": "x", "way": "mail", "to": "me@example.org", "server": "a.example", "user": user}
    with pytest.raises(ConfigError, match="user: expected"):
        config(mail)
