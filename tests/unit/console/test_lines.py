# SPDX-License-Identifier: MIT
"""Lines by name: what there is, and what is no name of one."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.console.line import LineError
from appliance.console.lines import ConsoleLines
from appliance.settings.sections.router import RouterEntry
from tests.unit.console.conftest import Cable

HOME = RouterEntry("home", ip_address("192.0.2.1"))


def test_what_can_be_opened_has_a_name(cable: Cable, tmp_path: Path) -> None:
    lines = ConsoleLines((HOME,), tmp_path, {"usb-one": cable.path})
    assert lines.names() == ("usb-one", "ssh home")
    opened = lines.open("usb-one", 115200, "")
    cable.says(b"x")
    opened.close()


@pytest.mark.parametrize(
    "name", ["", "ssh", "ssh ", "ssh other", "ssh -v", "mac", "mac x", "../etc/passwd", "SSH home"]
)
def test_what_is_no_line_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(LineError):
        ConsoleLines((HOME,), tmp_path, {}).open(name, 115200, "admin")
