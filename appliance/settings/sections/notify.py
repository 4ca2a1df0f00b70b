# SPDX-License-Identifier: MIT
"""Whom the sensor tells by message, how, and when it keeps quiet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from appliance.settings.sections.fit import Unfit, expect

Way = Literal["mail", "ntfy", "telegram", "webhook", "other", "mqtt"]
MOST = 8
NAME = re.compile("[a-z0-9][a-z0-9-]{0,19}")
LONGEST = 500
_NAMED = "up to 20 small letters, digits and hyphens"
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9][A-Za-z0-9._-]{0,252})(?::[0-9]{1,5})?")
_MAIL = re.compile(r"[^\s@<>,;:\"\\]{1,64}@[^\s@<>,;:\"\\]{1,253}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{3,40}")
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}")
_APPRISE = re.compile(r"[a-z][a-z0-9+]{1,20}://[!-~]{1,480}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,7}")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True)
class NotifyChannel:
    """One way to the owner.

    `to` is an address of mail, the topic's address at ntfy, a chat at Telegram, or a webhook's
    address; `secret` a password or token, or for another way an address of Apprise; `server` and
    `user` are those of the mail server, or of an MQTT broker, where `to` is a topic.
    """

    name: str
    way: Way
    to: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    server: str = ""
    user: str = ""

    def __post_init__(self) -> None:
        expect(NAME.fullmatch(self.name) is not None, "name", self.name, _NAMED)
        for key in ("to", "secret", "server", "user"):
            value = getattr(self, key)
            if len(value) > LONGEST or not (value.isprintable() and value.isascii()):
                raise Unfit(f"{key}: expected up to {LONGEST} plain characters")
        _FITS[self.way](self)


def _fits_mail(channel: NotifyChannel) -> None:
    _wants("to", channel.to, _MAIL, "an address like you@example.org")
    if not _is_host(channel.server):
        raise Unfit("server: expected the mail server, like smtp.example.org")
    if "@" in channel.user:
        _wants("user", channel.user, _MAIL, "the name at the mail server, or an address")


def _fits_ntfy(channel: NotifyChannel) -> None:
    _is_web(channel.to, "the topic's address, like https://ntfy.sh/a-name-nobody-guesses")
    if not urlsplit(channel.to).path.strip("/"):
        raise Unfit("to: expected an address with a topic, like https://ntfy.sh/your-topic")


def _fits_telegram(channel: NotifyChannel) -> None:
    _wants("to", channel.to, _CHAT, "the number of a chat")
    _wants("secret", channel.secret, _TOKEN, "the token that BotFather gave, like 123456:ABC…")
    if channel.server:
        _is_web(channel.server, "the address of a Bot API server", "server")


def _fits_webhook(channel: NotifyChannel) -> None:
    _is_web(channel.to, "an address like https://example.org/hook")


def _fits_other(channel: NotifyChannel) -> None:
    _wants("secret", channel.secret, _APPRISE, "an address of Apprise, like discord://…")


def _fits_mqtt(channel: NotifyChannel) -> None:
    if not _is_host(channel.server):
        raise Unfit("server: expected the broker, like 192.168.88.9 or home.lan:8883")
    if channel.to:
        _wants("to", channel.to, _TOPIC, "a topic of letters, digits, hyphens and slashes")


_FITS = {
    "mail": _fits_mail,
    "ntfy": _fits_ntfy,
    "telegram": _fits_telegram,
    "webhook": _fits_webhook,
    "other": _fits_other,
    "mqtt": _fits_mqtt,
}


def _is_host(value: str) -> bool:
    port = value.rpartition(":")[2]
    named = port.isdigit() and not value.endswith("]") and len(port) < len(value)
    return bool(_HOST.fullmatch(value)) and (not named or 0 < int(port) < 1 << 16)


def _wants(key: str, value: str, form: re.Pattern[str], expected: str) -> None:
    # The value is not shown: it may be a secret in the wrong place.
    if not form.fullmatch(value):
        raise Unfit(f"{key}: expected {expected}")


def _is_web(value: str, expected: str, key: str = "to") -> None:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or " " in value or parts.username is not None:
        raise Unfit(f"{key}: expected {expected}")


@dataclass(frozen=True)
class NotifyConfig:
    channels: tuple[NotifyChannel, ...] = field(default=(), repr=False)
    least: int = 2
    quiet_hours: str = ""

    def __post_init__(self) -> None:
        expect(len(self.channels) <= MOST, "channels", len(self.channels), f"at most {MOST}")
        names = [each.name for each in self.channels]
        if len(set(names)) != len(names):
            raise Unfit("channels: expected each name once")
        expect(1 <= self.least <= 4, "least", self.least, "1 (grave alone) to 4 (all)")
        good = not self.quiet_hours or _HOURS.fullmatch(self.quiet_hours)
        expect(bool(good), "quiet_hours", self.quiet_hours, 'hours like "22:00-07:00"')

    def is_quiet(self, minute: int) -> bool:
        """Tell whether a minute of the day (local, 0 to 1439) is in the quiet hours."""
        found = _HOURS.fullmatch(self.quiet_hours)
        if found is None:
            return False
        begin, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
        return begin <= minute < end if begin <= end else minute >= begin or minute < end
