# SPDX-License-Identifier: MIT
"""An alert as Suricata's EVE, whichever engine raised it: what collectors know to read. Pure.

Source: Suricata's user guide, "Eve JSON Format". What EVE has no field for is in `glovebox`.
"""

from __future__ import annotations

import json
from typing import Any

from appliance.ids.alert import Alert

_FORM = "%Y-%m-%dT%H:%M:%S.%f+0000"


def eve(alert: Alert, sensor: str) -> dict[str, Any]:
    """Return the record; `sensor` is the name of this machine, as `host` in EVE."""
    ends = {
        "src_ip": alert.source,
        "src_port": alert.source_port,
        "dest_ip": alert.destination,
        "dest_port": alert.destination_port,
    }
    return {
        "timestamp": alert.time.strftime(_FORM),
        "event_type": "alert",
        "host": sensor,
        **{key: value for key, value in ends.items() if value is not None},
        "proto": alert.protocol,
        "alert": {
            "action": "allowed",
            "gid": alert.gid,
            "signature_id": alert.sid,
            "rev": alert.rev,
            "signature": alert.message,
            "category": alert.classification or "",
            "severity": alert.priority,
        },
        "glovebox": {
            "id": alert.id,
            "engine": alert.engine,
            "alike": alert.alike,
            "time_confirmed": alert.time_confirmed,
        },
    }


def line(alert: Alert, sensor: str) -> str:
    """Return the record as a line of ASCII without its end."""
    return json.dumps(eve(alert, sensor), separators=(",", ":"))
