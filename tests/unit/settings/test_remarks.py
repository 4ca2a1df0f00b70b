# SPDX-License-Identifier: MIT
"""Settings that are right one by one, and do not go together."""

from __future__ import annotations

from appliance.settings.config import build
from appliance.settings.remarks import remarks


def test_remarks_on_a_router_without_servers_of_names() -> None:
    (told,) = remarks(build({"dhcp": {"router": "10.77.0.2"}}), "file")
    assert told.startswith("file: [dhcp] router")


def test_remarks_on_what_goes_together() -> None:
    table = {"router": "10.77.0.2", "dns_servers": ["10.77.0.2"]}
    assert remarks(build({"dhcp": table}), "file") == remarks(build({}), "file") == []
