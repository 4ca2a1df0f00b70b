# SPDX-License-Identifier: MIT
"""Requests of the page come as they were made."""

from __future__ import annotations

from pathlib import Path

from appliance.console import wishes
from appliance.console.wishes import ConsoleRequest, ConsoleWish


def test_requests_come_in_their_order(tmp_path: Path) -> None:
    asked = [
        ConsoleRequest(ConsoleWish.OPEN, "me", "usb-one", 9600),
        ConsoleRequest(ConsoleWish.TYPE, "me", text="\x03"),
    ]
    for request in asked:
        wishes.inbox(tmp_path).post(request)
    assert wishes.inbox(tmp_path).take() == asked
