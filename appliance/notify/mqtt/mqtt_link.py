# SPDX-License-Identifier: MIT
"""The connection to a broker: it stays, so that the broker itself tells when the sensor is gone.

Nothing is queued here: a message that the broker did not confirm was not delivered.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from appliance.notify.channels.mail import where
from appliance.notify.message_text import OutgoingMessage
from appliance.notify.mqtt import home_assistant as home
from appliance.notify.send_socket import SendAnswer
from appliance.settings.sections.notify import NotifyChannel

PLAIN_PORT, TLS_PORT = 1883, 8883
CONFIRM_S = 10.0
ROOT = "glovebox"

log = logging.getLogger(__name__)


class MqttLink:
    """One broker. Several threads may use it."""

    def __init__(self, channel: NotifyChannel, sensor: str) -> None:
        """Begin to connect, and to connect again whenever it is lost."""
        self._sensor = sensor
        self._root = f"{channel.to or ROOT}/{home.object_id(sensor)}"
        # Whether the broker said yes or no; whether it said yes, and is there.
        self._is_told, self._is_up = threading.Event(), threading.Event()
        self._why = "it cannot be reached"
        self._client = paho.Client(CallbackAPIVersion.VERSION2, home.object_id(sensor))
        self._client.will_set(f"{self._root}/availability", home.OFFLINE, 1, True)
        self._client.reconnect_delay_set(1, 60)
        if channel.user:
            self._client.username_pw_set(channel.user, channel.secret or None)
        host, port = where(channel.server, PLAIN_PORT)
        if port == TLS_PORT:
            self._client.tls_set()
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._lost
        self._client.connect_async(host, port)
        self._client.loop_start()

    def send(self, message: OutgoingMessage) -> SendAnswer:
        """Publish a message, and wait until the broker has confirmed it."""
        if not self._is_told.wait(CONFIRM_S) or not self._is_up.is_set():
            return SendAnswer(False, self._why)
        told = json.dumps(dataclasses.asdict(message))
        sent = self._client.publish(f"{self._root}/message", told, 1, True)
        try:
            sent.wait_for_publish(CONFIRM_S)
        except (ValueError, RuntimeError):
            return SendAnswer(False, "the connection was lost")
        done = sent.is_published()
        return SendAnswer(done, "confirmed" if done else "the broker did not confirm it")

    def show(self, state: Any) -> None:
        """Publish the state, where there is a connection."""
        if self._is_up.is_set():
            self._client.publish(f"{self._root}/state", json.dumps(state), 0)

    def close(self) -> None:
        """Say that the sensor is gone, and end."""
        if self._is_up.is_set():
            told = self._client.publish(f"{self._root}/availability", home.OFFLINE, 1, True)
            told.wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, data: Any, flags: Any, reason: Any, properties: Any
                   ) -> None:  # fmt: skip
        if reason.is_failure:
            self._why = f"the broker refuses: {reason}"
            self._is_told.set()
            return
        found = json.dumps(home.discovery(self._sensor, self._root))
        client.publish(home.config_topic(self._sensor), found, 1, True)
        client.publish(f"{self._root}/availability", home.ONLINE, 1, True)
        self._is_up.set()
        self._is_told.set()

    def _lost(self, client: paho.Client, data: Any, flags: Any, reason: Any, properties: Any
              ) -> None:  # fmt: skip
        if self._is_up.is_set():
            log.info("the connection to the broker ended: %s", reason)
            self._why = "it cannot be reached"
            self._is_told.clear()
        self._is_up.clear()
