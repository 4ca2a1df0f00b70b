# SPDX-License-Identifier: MIT
"""`/messages`: the channels, what each answered, a test of each, and forms for new ones.

Secrets go in and never out: no form is filled with what is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.notify import wishes
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from appliance.reports.notify import NotifyReport, SendReport
from appliance.requests import FullError
from appliance.settings.sections.fit import Unfit
from appliance.settings.sections.notify import LONGEST, NAME, NotifyChannel
from appliance.settings.tables import section

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form: `key` is that of the settings; a secret one is never filled in."""

    key: str
    label: str
    example: str = ""
    is_secret: bool = False
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """The form for one way of messages: a name, and three fields at most."""

    way: str
    title: str
    hint: str
    fields: tuple[FormField, ...]


FORMS = (
    ChannelForm("ntfy", "ntfy, for phones",
        "Subscribe to the topic in the app ntfy. Whoever knows its name reads along.",
        (FormField("to", "Address of the topic", "https://ntfy.sh/a-name-nobody-guesses"),
         FormField("secret", "Token, if it has one", is_secret=True, is_needed=False))),
    ChannelForm("mail", "E-mail",
        "It goes from your address to your address. Many providers want a password of its own.",
        (FormField("to", "Your address", "you@example.org"),
         FormField("server", "Mail server", "smtp.example.org"),
         FormField("secret", "Password", is_secret=True))),
    ChannelForm("telegram", "Telegram",
        "BotFather makes a bot and gives its token; write to the bot once, so that it may answer.",
        (FormField("to", "Number of the chat", "123456789"),
         FormField("secret", "Token of the bot", is_secret=True))),
    ChannelForm("webhook", "Webhook",
        "It gets each message as JSON by POST.",
        (FormField("to", "Address", "https://example.org/hook"),
         FormField("secret", "Token, if it wants one", is_secret=True, is_needed=False))),
    ChannelForm("mqtt", "Home Assistant, by MQTT",
        "Home Assistant finds the sensor by itself, as soon as the broker has it.",
        (FormField("server", "Broker, with :8883 encrypted", "192.168.88.9"),
         FormField("user", "User, if it wants one", is_needed=False),
         FormField("secret", "Password", is_secret=True, is_needed=False))),
    ChannelForm("other", "Another service",
        "Apprise knows more than a hundred: Discord, Matrix, Signal, Gotify, Pushover and others.",
        (FormField("secret", "Address of Apprise, like discord://…", is_secret=True),)),
)  # fmt: skip
BY_WAY = {form.way: form for form in FORMS}


def blueprint(figures: Callable[[], Mapping[str, Any]], runtime: Path, folder: Path) -> Blueprint:
    """Return the routes; `figures` is the frame of each page, `folder` that of the wishes."""
    routes = Blueprint("notify", __name__)

    def page(wrong: str = "", way: str = "") -> str:
        return render_template(
            "messages.html", **figures(), sender=SendReport.read(runtime),
            written=NotifyReport.read(runtime), forms=FORMS, wrong=wrong, wrong_way=way,
            asked=request.args.get("asked", "")[:20],
        )  # fmt: skip

    @routes.get("/messages")
    def show() -> ResponseReturnValue:
        return page()

    @routes.post("/messages")
    def ask() -> ResponseReturnValue:
        try:
            wish = wish_of(request.form)
        except Unfit as error:
            return page(str(error), request.form.get("way", "")), 400
        try:
            wishes.inbox(folder).post(wish)
        except (OSError, FullError, ValueError) as error:
            log.error("no wish about a channel: %s", type(error).__name__)
            raise ServiceUnavailable("The request cannot be written.") from error
        log.warning("%s the channel %s, as %s wished", wish.kind.value, wish.name,
                    request.remote_addr)  # fmt: skip
        return redirect(url_for("notify.show", asked=wish.name), 303)

    return routes


def wish_of(form: Mapping[str, str]) -> NotifyWish:
    """Return what a form of the page asks for. Raises Unfit, and BadRequest for no form of it."""
    for kind in (NotifyWishKind.TEST, NotifyWishKind.REMOVE):
        if NAME.fullmatch(name := form.get(kind.value, "")):
            return NotifyWish(kind, name)
    found = BY_WAY.get(form.get("way", ""))
    if found is None:
        raise BadRequest("That is no form of this page.")
    values = {each.key: form.get(each.key, "").strip()[: LONGEST + 1] for each in found.fields}
    fields = {"way": found.way, **{key: value for key, value in values.items() if value}}
    name = form.get("name", "").strip()[:64]
    section(NotifyChannel, {"name": name, **fields})
    return NotifyWish(NotifyWishKind.PUT, name, fields)
