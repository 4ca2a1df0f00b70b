# SPDX-License-Identifier: MIT
"""What Home Assistant is told of this sensor, and the state that it shows. Pure.

Source: Home Assistant, MQTT, "Device discovery payload": one retained message at
`homeassistant/device/OBJECT/config`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from appliance import __version__, words
from appliance.notify.outgoing_text import cleaned
from appliance.reports.alerts import AlertStoreReport
from appliance.reports.levels import Level
from appliance.reports.supervisor import Health

ONLINE, OFFLINE = "online", "offline"
# States come every ten seconds; one that is older is none of now.
EXPIRES_S = 60


def object_id(sensor: str) -> str:
    """Return what this sensor is called in topics: letters, digits, hyphens and underlines."""
    return "glovebox_" + re.sub(r"[^A-Za-z0-9_-]", "_", sensor)[:64]


def config_topic(sensor: str) -> str:
    """Return where the discovery is published."""
    return f"homeassistant/device/{object_id(sensor)}/config"


def discovery(sensor: str, root: str) -> Mapping[str, Any]:
    """Return the device with its entities; `root` is the topic below which states are."""
    own = object_id(sensor)
    return {
        "device": {
            "identifiers": [own],
            "name": sensor,
            "manufacturer": "Glovebox",
            "model": "Network sensor",
            "sw_version": __version__,
        },
        "origin": {"name": "Glovebox", "sw_version": __version__},
        "availability_topic": f"{root}/availability",
        "state_topic": f"{root}/state",
        "qos": 1,
        "components": {
            key: {"unique_id": f"{own}_{key}", "expire_after": EXPIRES_S, **entity}
            for key, entity in _ENTITIES.items()
        }
        | {"message": _message(own, root)},
    }


_ENTITIES: Mapping[str, Mapping[str, Any]] = {
    "watching": {
        "platform": "binary_sensor", "name": "Watching", "device_class": "running",
        "value_template": "{{ value_json.watching }}",
    },
    "problem": {
        "platform": "binary_sensor", "name": "Problem", "device_class": "problem",
        "value_template": "{{ value_json.problem }}", "entity_category": "diagnostic",
    },
    "health": {
        "platform": "sensor", "name": "Health", "entity_category": "diagnostic",
        "value_template": "{{ value_json.health }}",
    },
    "alerts": {
        "platform": "sensor", "name": "Alerts stored", "state_class": "measurement",
        "value_template": "{{ value_json.alerts }}",
    },
    "last_alert": {
        "platform": "sensor", "name": "Last alert", "device_class": "timestamp",
        "value_template": "{{ value_json.last_alert }}",
    },
}  # fmt: skip


def _message(own: str, root: str) -> Mapping[str, Any]:
    return {
        "platform": "sensor",
        "name": "Last message",
        "unique_id": f"{own}_message",
        "state_topic": f"{root}/message",
        "value_template": "{{ value_json.title }}",
        "json_attributes_topic": f"{root}/message",
    }


def state(health: Health | None, store: AlertStoreReport | None, now: float) -> Mapping[str, Any]:
    """Return what the entities show; a supervisor that is silent watches nothing."""
    fresh = health if health is not None and health.is_fresh(now) else None
    last = store.last_alert if store is not None else None
    return {
        "watching": "ON" if fresh is not None and fresh.state.is_seeing else "OFF",
        "problem": "OFF" if fresh is not None and fresh.level is not Level.FAIL else "ON",
        "health": cleaned(fresh.heading if fresh is not None else "silent"),
        "alerts": store.stored if store is not None else None,
        "last_alert": words.utc(last) if last is not None else None,
    }
