# SPDX-License-Identifier: MIT
"""Links come and go with their channels, and show the state now and then."""

from __future__ import annotations

import json
from pathlib import Path

from appliance.notify.mqtt.mqtt_links import STATE_S, MqttLinks
from appliance.reports.alerts import AlertStoreReport
from tests.unit.notify.mqtt.mosquitto import Listener, broker, free_port
from tests.unit.notify.mqtt.test_mqtt_link import channel
from tests.unit.notify.sample_news import MESSAGE, NOW
from tests.unit.notify.test_channel_book import PHONE


def test_a_channel_over_mqtt_has_its_link(tmp_path: Path) -> None:
    port, links = free_port(), MqttLinks("box", tmp_path)
    home = channel(port)
    AlertStoreReport(NOW, 7, 0, None, 0, 0).publish(tmp_path)
    with broker(tmp_path, port):
        listener = Listener(port)
        links.agree([PHONE, home])
        assert links.send(home, MESSAGE).good
        links.show(STATE_S)
        assert json.loads(listener.next("/state"))["alerts"] == 7
        links.agree([PHONE])
        assert listener.next("/availability") in (b"online", b"offline")
        assert not links.send(home, MESSAGE).good
        listener.close()
        links.close()
