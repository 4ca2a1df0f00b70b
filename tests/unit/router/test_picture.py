# SPDX-License-Identifier: MIT
"""What is read of a router, of whatever version, and whatever it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.router import picture
from appliance.router.api import connect
from appliance.router.picture import Picture, span
from appliance.router.refusals import Refusal
from appliance.router.wire import ApiAddress
from tests.routeros import server
from tests.routeros.machine import Machine


@pytest.mark.parametrize("version", ["7.9", "7.17", "7.24"])
def test_a_router_is_read_without_a_change(shared_data: object, version: str) -> None:
    machine = Machine(version, mode="home")
    with server.serving(machine) as running:
        place = ApiAddress("127.0.0.1", running.port, tls=False)
        with connect(place, "admin", "secret") as connection:
            found = picture.read(connection)
    assert found.version == tuple(map(int, version.split(".")))
    assert machine.flash_writes == 0
    assert found.allows("sniffer") == (version == "7.9")
    assert not found.fasttracks and not found.flagged and not found.old
    assert found.single("/system/identity")["name"] == "MikroTik"


def test_what_may_not_be_read_is_named(machine: Machine) -> None:
    machine.run("admin", "/user/group", "add", {"name": "blind", "policy": "api"}, [])
    machine.run("admin", "/user", "add",
                {"name": "blind", "group": "blind", "password": "x"}, [])  # fmt: skip
    with server.serving(machine) as running:
        place = ApiAddress("127.0.0.1", running.port, tls=False)
        with connect(place, "blind", "x") as connection:
            found = picture.read(connection)
    assert set(found.refused.values()) == {Refusal.RIGHTS}
    assert found.rows("/user") == () and found.version == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1w2d3h4m5s", 788645), ("59m59s", 3599), ("00:05:00", 300), ("1d00:05:00", 86700),
     ("", 0), ("never", 0), ("1h junk", 3600)],
)  # fmt: skip
def test_span(text: str, expected: float) -> None:
    assert span(text) == expected


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=8))
def test_anything_a_router_says_is_read(row: dict[str, str]) -> None:
    found = Picture({menu: (row,) for menu in picture.NAMES})
    assert isinstance(found.version, tuple) and found.rebooted_ago >= 0
    assert found.allows("sniffer") in (True, False) and found.old in (True, False)
    assert found.fasttracks in (True, False) and found.has_list("WAN") in (True, False)


@pytest.mark.parametrize(
    ("date", "of_day", "offset", "expected"),
    [
        ("2026-11-30", "10:00:00", "+01:00", 1796029200.0),
        ("nov/30/2026", "09:00:00", "", 1796029200.0),
        ("1970-01-02", "00:00:00", "+00:00", 86400.0), ("", "", "", None),
        ("x" * 1000, "", "", None),
        ("9999-12-31", "25:00:00", "+00:00", None),
    ],
)  # fmt: skip
def test_clock(date: str, of_day: str, offset: str, expected: float | None) -> None:
    assert picture.clock(date, of_day, offset) == expected
