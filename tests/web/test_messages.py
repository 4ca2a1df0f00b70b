# SPDX-License-Identifier: MIT
"""Channels of messages in a browser, without the script: set up, tested, looked at."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from appliance.notify import wishes
from appliance.notify.wishes import NotifyWish, NotifyWishKind
from appliance.reports.notify import ChannelStanding, LineStanding
from tests.net.namespaces import DEADLINE_S
from tests.unit.reports.test_notify import CHANNEL, COLLECTOR, SENDER, WRITER
from tests.web.axe import findings
from tests.web.serving import Sensor
from tests.web.test_inbox import logged_in
from tests.web.test_looks import LARGEST_PAGE, SIZES, overflow, picture

pytestmark = [pytest.mark.browser, pytest.mark.net]
expect.set_options(timeout=DEADLINE_S * 1000)

WRONG = "535 5.7.8 Authentication credentials invalid, see the manual of your provider for more"
POST = ChannelStanding(
    "post", "mail", "somebody.with.a.long.name@example.org", False, 1000.0, WRONG
)


def arrange(sensor: Sensor) -> None:
    (sensor.directory / "notify-wishes").mkdir(exist_ok=True)
    now = time.time()
    channels = (replace(CHANNEL, answered=now - 60), replace(POST, answered=now - 3600))
    collectors = (replace(COLLECTOR, answered=now),)
    sensor.publish(replace(SENDER, updated=now, channels=channels, collectors=collectors))
    away = LineStanding("post", 1234, 1200, 34, 3, now - 7200, WRONG)
    sensor.publish(replace(WRITER, updated=now, lines=(*WRITER.lines, away), is_quiet=True))


def test_an_owner_sets_a_channel_up_and_tests_it(browser: Browser, sensor: Sensor) -> None:
    arrange(sensor)
    page = logged_in(browser, sensor, "light")
    page.goto("/system")
    page.get_by_role("link", name="Who is told of alerts").click()
    page.get_by_text("Telegram", exact=True).click()
    form = page.locator("form", has=page.get_by_label("Number of the chat"))
    form.get_by_label("Its name here").fill("chat")
    form.get_by_label("Number of the chat").fill("no number")
    form.get_by_label("Token of the bot").fill("123456:the-token-of-a-bot")
    form.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("alert")).to_contain_text("expected the number of a chat")
    # What was typed as a secret does not come back.
    expect(page.get_by_label("Token of the bot")).to_have_value("")
    form.get_by_label("Its name here").fill("chat")
    form.get_by_label("Number of the chat").fill("123")
    form.get_by_label("Token of the bot").fill("123456:the-token-of-a-bot")
    form.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("status").last).to_contain_text("Asked for chat")
    page.get_by_role("button", name="Test phone").click()
    expect(page.get_by_role("status").last).to_contain_text("Asked for phone")
    fields = {"way": "telegram", "to": "123", "secret": "123456:the-token-of-a-bot"}
    assert wishes.inbox(sensor.directory / "notify-wishes").take() == [
        NotifyWish(NotifyWishKind.PUT, "chat", fields), NotifyWish(NotifyWishKind.TEST, "phone"),
    ]  # fmt: skip
    page.context.close()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_it_looks_well(browser: Browser, sensor: Sensor, size: str, scheme: str) -> None:
    arrange(sensor)
    page = logged_in(browser, sensor, scheme)
    state = page.context.storage_state()
    page.context.close()
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=sensor.url, storage_state=state, viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    answer = page.goto("/messages")
    assert answer is not None and answer.ok and len(answer.body()) < LARGEST_PAGE
    for way in ("E-mail", "Home Assistant, by MQTT"):
        page.get_by_text(way, exact=True).click()
    assert findings(page) == []
    picture(page, f"messages-{size}-{scheme}")
    assert overflow(page, size) == 0
    context.close()
