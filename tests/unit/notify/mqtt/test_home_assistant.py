# SPDX-License-Identifier: MIT
"""What Home Assistant is told has the keys of its published form, and no others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appliance.notify.mqtt import home_assistant as home
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.levels import Level
from appliance.reports.states import State
from appliance.reports.supervisor import Health
from tests.unit.notify.sample_news import NOW

# Home Assistant, MQTT: "Device discovery payload", and the options of each platform used.
TOP = {"device", "origin", "components", "state_topic", "availability_topic", "qos"}
DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version"}
BOTH = {"platform", "unique_id", "name", "state_topic", "value_template", "expire_after",
        "device_class", "entity_category", "json_attributes_topic"}  # fmt: skip
PLATFORMS = {"binary_sensor": BOTH, "sensor": {*BOTH, "state_class", "unit_of_measurement"}}
CLASSES = {"binary_sensor": {"running", "problem"}, "sensor": {"timestamp"}}


@pytest.mark.parametrize("sensor", ["glovebox", "Attic-2", "ümlaut/#+ x"])
def test_the_discovery_has_the_published_form(sensor: str) -> None:
    assert re.fullmatch(r"homeassistant/device/[A-Za-z0-9_-]+/config", home.config_topic(sensor))
    found = home.discovery(sensor, "glovebox/x")
    assert found.keys() == TOP and found["device"].keys() == DEVICE
    assert found["device"]["identifiers"] and found["origin"]["name"] and found["qos"] in (0, 1, 2)
    entities = found["components"].values()
    assert len({each["unique_id"] for each in entities}) == len(entities) == 6
    for each in entities:
        assert each.keys() <= PLATFORMS[each["platform"]] and {"unique_id", "name"} <= each.keys()
        assert each.get("device_class", "") in ({"", *CLASSES[each["platform"]]})
        assert each.get("entity_category", "") in ("", "diagnostic")


def shown(entity: str, state: Any) -> Any:
    template = home.discovery("x", "x")["components"][entity]["value_template"]
    key = re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", template)
    assert key
    return state[key[1]]


def test_the_state_is_what_the_templates_look_for() -> None:
    health = Health(NOW, State.SEEING, Level.OK, "")
    store = AlertStoreReport(NOW, 12, 3, NOW - 5, 0, 0)
    state = home.state(health, store, NOW)
    assert shown("watching", state) == "ON" and shown("problem", state) == "OFF"
    assert shown("alerts", state) == 12 and shown("last_alert", state) == "2026-11-20T09:26:18Z"


def test_a_silent_supervisor_is_a_problem() -> None:
    for health in (None, Health(NOW - 60, State.SEEING, Level.OK, "")):
        state = home.state(health, None, NOW)
        assert (state["watching"], state["problem"], state["health"]) == ("OFF", "ON", "silent")
        assert state["alerts"] is None and state["last_alert"] is None
