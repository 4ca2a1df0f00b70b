# SPDX-License-Identifier: MIT
"""Alerts as records and lines, hostile ones among them."""

from __future__ import annotations

from dataclasses import replace

from appliance.notify.forward import eve_lines
from tests.unit.alerts.test_store import TEMPLATE

HOSTILE = 'x"\n\r\x00\u202e<script>\ud83d\ude00 ünïcode [a](b) \\" \'; DROP TABLE'
ALERTS = [
    replace(TEMPLATE, id=1),
    replace(TEMPLATE, id=2, message=HOSTILE.encode("utf-8", "replace").decode(), priority=1),
    replace(TEMPLATE, id=3, classification=None, destination_port=443, protocol="UDP", priority=9),
]
RECORDS = [eve_lines.eve(each, "box") for each in ALERTS]
LINES = [eve_lines.line(each, "box") for each in ALERTS]
