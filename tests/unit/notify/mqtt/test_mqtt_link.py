# SPDX-License-Identifier: MIT
"""Messages at a real broker, what Home Assistant finds there, and who is told of an end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.notify.mqtt import home_assistant, mqtt_link
from appliance.notify.mqtt.mqtt_link import MqttLink
from appliance.settings.sections.notify import NotifyChannel
from tests.unit.notify.mqtt.mosquitto import PASSWORD, USER, Listener, broker, free_port
from tests.unit.notify.sample_news import MESSAGE


def channel(port: int, password: str = PASSWORD) -> NotifyChannel:
    return NotifyChannel("home", "mqtt", "", password, f"127.0.0.1:{port}", USER)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    found = free_port()
    with broker(tmp_path, found):
        yield found


@pytest.fixture
def listener(port: int) -> Iterator[Listener]:
    made = Listener(port)
    yield made
    made.close()


@contextlib.contextmanager
def linked(port: int, password: str = PASSWORD) -> Iterator[MqttLink]:
    link = MqttLink(channel(port, password), "box")
    try:
        yield link
    finally:
        link.close()


def test_a_message_is_confirmed_and_home_assistant_finds_the_sensor(
    port: int, listener: Listener
) -> None:
    with linked(port) as link:
        answer = link.send(MESSAGE)
        assert answer.good and answer.answer == "confirmed"
        found = json.loads(listener.next("homeassistant/device/glovebox_box/config"))
        assert found == home_assistant.discovery("box", "glovebox/glovebox_box")
        assert listener.next(found["availability_topic"]) == b"online"
        told = json.loads(listener.next(found["components"]["message"]["state_topic"]))
        assert told["title"] == MESSAGE.title
        link.show({"watching": "ON"})
        assert json.loads(listener.next(found["state_topic"])) == {"watching": "ON"}
    assert listener.next("/availability") == b"offline"


@pytest.mark.slow
def test_a_wrong_password_is_told(port: int) -> None:
    with linked(port, "wrong") as link:
        answer = link.send(MESSAGE)
        assert not answer.good and "refuses" in answer.answer and "wrong" not in answer.answer


@pytest.mark.slow
def test_a_broker_that_comes_later_gets_the_message_that_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = free_port()
    with linked(found) as link:
        monkeypatch.setattr(mqtt_link, "CONFIRM_S", 0.1)
        assert link.send(MESSAGE).answer == "it cannot be reached"
        monkeypatch.setattr(mqtt_link, "CONFIRM_S", 60.0)
        with broker(tmp_path, found):
            assert link.send(MESSAGE).good
