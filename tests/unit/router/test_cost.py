# SPDX-License-Identifier: MIT
"""What a router tells of its CPU is measured more than once, and said in words."""

from __future__ import annotations

import pytest

from appliance.router import cost
from appliance.router.api import connect
from appliance.router.wire import ApiAddress
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer


def measured(machine: Machine, api: ApiServer, told: list[str]) -> tuple[int | None, list[float]]:
    """Return the load of a router that tells these one after another, and how long was waited."""
    left, waited = list(told), list[float]()

    def tell(seconds: float = 0.0) -> None:
        waited.append(seconds)
        machine.recorded["/system/resource"] = [{"cpu-load": left.pop(0)}] if left else []

    tell()
    with connect(ApiAddress("127.0.0.1", api.port, tls=False), "admin", "secret") as connection:
        return cost.load(connection, tell), waited[1:]


def test_one_moment_is_none(machine: Machine, plain_api: ApiServer) -> None:
    found, waited = measured(machine, plain_api, ["7", "99", "8", "6", "100", "7", "9"])
    assert found == 8 and waited == [cost.EVERY_S] * (cost.SAMPLES - 1)


@pytest.mark.parametrize("odd", ["", "much", "-1", "٧", "1000", "7.5", "\x1b[2J"])
def test_what_is_no_load_is_none(machine: Machine, plain_api: ApiServer, odd: str) -> None:
    assert measured(machine, plain_api, ["7", odd])[0] is None


def test_it_may_have_a_sign_and_be_too_much(machine: Machine, plain_api: ApiServer) -> None:
    assert measured(machine, plain_api, ["7%"] * 7)[0] == 7
    assert measured(machine, plain_api, ["255"] * 7)[0] == 100


def test_what_it_costs_is_said(machine: Machine) -> None:
    assert cost.words(7, 12).startswith("The router's CPU: 7 % before, 12 % now.")
    assert "mangle" in cost.words(30, 85) and "mangle" not in cost.words(30, 79)
    assert cost.words(None, 5) == cost.words(5, None) == ""
