# SPDX-License-Identifier: MIT
"""The self-test in the booted image: passes when all is well, names each breakage otherwise."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from image.machine.guest import Guest
from image.machine.page_client import PageClient

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

SECONDS = 4
HEALED_SECONDS = 180
BREAKAGES = {
    "decapsulation dead": (
        "systemctl kill -s STOP glovebox-receiver",
        "systemctl kill -s CONT glovebox-receiver",
    ),
    "interface wrong": ("ip link set tzsp0 down", "ip link set tzsp0 up"),
    "engine deaf": (
        "systemctl kill -s STOP glovebox-ids",
        "systemctl kill -s CONT glovebox-ids",
    ),
    "alerts not stored": ("systemctl stop glovebox-alerts", "systemctl start glovebox-alerts"),
}


def selftest(guest: Guest, seconds: float = 20) -> dict[str, Any]:
    _, output = guest.execute(f"glovebox selftest --json --seconds {seconds}", 5 * seconds + 60)
    return dict(json.loads(output))


def test_selftest_passes(guest: Guest) -> None:
    result = selftest(guest)
    assert result["passed"] is True
    assert list(result["seconds"]) == ["sent", "decapsulated", "inspected", "stored"]


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param(each, marks=() if each == "engine deaf" else pytest.mark.long)
        for each in BREAKAGES
    ],
)
def test_selftest_names_what_was_broken(breakage: str, guest: Guest) -> None:
    broken, mended = BREAKAGES[breakage]
    # It would mend some of them before the test has looked.
    guest.run("systemctl stop glovebox-supervisor")
    guest.run(broken)
    try:
        result = selftest(guest, SECONDS)
    finally:
        guest.run(mended)
        guest.run("systemctl start glovebox-supervisor", 120)
    assert result["passed"] is False
    assert str(result["verdict"]).startswith(breakage)
    wait_until_healed(guest)


def wait_until_healed(guest: Guest) -> None:
    """Wait until the self-test passes again: an engine that ended must start first."""
    deadline = time.monotonic() + HEALED_SECONDS
    while not selftest(guest)["passed"]:
        assert time.monotonic() < deadline, guest.run("systemctl --no-pager status 'glovebox-*'")


def test_selftest_leaves_no_alert_among_the_real_ones(guest: Guest, page: PageClient) -> None:
    newest = [alert["id"] for alert in page.get("api/alerts?limit=1")["alerts"]]
    assert selftest(guest)["passed"] is True
    assert [alert["id"] for alert in page.get("api/alerts?limit=1")["alerts"]] == newest


def test_selftest_without_rights_names_the_one_that_is_missing(guest: Guest) -> None:
    command = "setpriv --reuid nobody --clear-groups --groups glovebox glovebox selftest"
    status, output = guest.execute(command.replace("--clear-groups ", ""))
    assert status == 4
    assert "CAP_NET_RAW" in output


def test_marker_cannot_be_faked_by_who_does_not_know_the_secret(guest: Guest) -> None:
    """The secret is for the sensor's services only."""
    for file in ("marker", "rules/marker.rules"):
        status, _ = guest.execute(
            f"setpriv --reuid nobody --clear-groups cat /run/glovebox-ids/{file}"
        )
        assert status != 0
