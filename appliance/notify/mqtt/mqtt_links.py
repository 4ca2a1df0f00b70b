# SPDX-License-Identifier: MIT
"""All channels over MQTT: each keeps its connection, and shows the sensor's state."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.notify.message_text import OutgoingMessage
from appliance.notify.mqtt import home_assistant
from appliance.notify.send_socket import SendAnswer
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.supervisor import Health
from appliance.settings.sections.notify import NotifyChannel

if TYPE_CHECKING:
    from appliance.notify.mqtt.mqtt_link import MqttLink

STATE_S = 10.0


class MqttLinks:
    """Has a link for each channel over MQTT. Several threads may use it."""

    def __init__(self, sensor: str, runtime: Path) -> None:
        """Take the sensor's name, and the folder of the status files."""
        self._sensor, self._runtime = sensor, runtime
        self._links: dict[NotifyChannel, MqttLink] = {}
        self._lock = threading.Lock()
        self._shown = -STATE_S

    def agree(self, channels: Iterable[NotifyChannel]) -> None:
        """Connect for channels that are new, and end with those that are gone or changed."""
        wanted = {each for each in channels if each.way == "mqtt"}
        with self._lock:
            for channel in self._links.keys() - wanted:
                self._links.pop(channel).close()
            for channel in wanted - self._links.keys():
                # Its library is loaded where there is such a channel.
                from appliance.notify.mqtt.mqtt_link import MqttLink

                self._links[channel] = MqttLink(channel, self._sensor)

    def send(self, channel: NotifyChannel, message: OutgoingMessage) -> SendAnswer:
        """Publish a message."""
        with self._lock:
            link = self._links.get(channel)
        return link.send(message) if link is not None else SendAnswer(False, "it is not there yet")

    def show(self, moment: float) -> None:
        """Publish the state where it is time to; `moment` is in monotonic seconds."""
        if not self._links or moment - self._shown < STATE_S:
            return
        self._shown = moment
        health, store = Health.read(self._runtime), AlertStoreReport.read(self._runtime)
        with self._lock:
            for link in self._links.values():
                link.show(home_assistant.state(health, store, time.time()))

    def close(self) -> None:
        """End all connections."""
        self.agree(())
