# SPDX-License-Identifier: MIT
"""Which rows a rule is about."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pytest

from appliance.flowstore.exclusions import excluded
from appliance.flowstore.spool import ROW
from appliance.settings.sections.exclusions import parse
from tests.unit.flowstore.rows import v4

ROWS = np.zeros(3, ROW)
ROWS["proto"] = 17, 6, 17
ROWS["sport"] = 53, 5000, 40_000
ROWS["dport"] = 5353, 443, 53
ROWS["way"] = 1, 2, 3
ROWS["src_lo"] = v4("9.9.9.9"), v4("192.168.88.9"), int(ip_address("2001:db8::5")) & (1 << 64) - 1
ROWS["src_hi"] = 0, 0, int(ip_address("2001:db8::5")) >> 64
ROWS["dst_lo"] = v4("198.51.100.7"), v4("203.0.113.9"), v4("192.168.88.1")
ROWS["nat_dst_lo"] = v4("192.168.88.9"), 0, 0


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("proto 17", [True, False, True]),
        ("proto udp and port 53", [True, False, True]),
        ("proto udp and dport 53", [False, False, True]),
        ("sport 5000-39999", [False, True, False]),
        ("host 192.168.88.9", [True, True, False]),
        ("src 192.168.88.0/24", [False, True, False]),
        ("dst 192.168.88.0/24", [True, False, True]),
        ("src 2001:db8::/32 and way inside", [False, False, True]),
        ("way in", [True, False, False]),
        ("dst ::/0", [True, True, True]),
        ("dst 0.0.0.0/0", [True, True, True]),
        ("src 0.0.0.0/0", [True, True, False]),
    ],
)
def test_rules(rule: str, expected: list[bool]) -> None:
    assert excluded(ROWS, parse(rule)).tolist() == expected
