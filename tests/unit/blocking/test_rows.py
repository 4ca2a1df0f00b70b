# SPDX-License-Identifier: MIT
"""A router's list is what it should be, whatever happens to the router and to the connection."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from appliance.blocking import rows
from appliance.blocking.enforce import RouterTask
from tests.unit.blocking.conftest import (
    FIRST,
    FIRST_NETWORK,
    LIST,
    SECOND,
    SECOND_NETWORK,
    Home,
    attack,
    until,
)

SIX = "2600:1:2:3::9"


def test_what_attacks_is_on_the_router_proved_and_its_connections_are_gone(
    home: Home, task: RouterTask
) -> None:
    machine = home.machine
    machine.connection(f"{FIRST}:4444", "192.168.88.20:22")
    machine.connection("192.168.88.20:50000", f"{FIRST}:443")
    machine.connection("192.168.88.20:50001", "8.8.8.8:443")
    written = machine.flash_writes
    attack(home, FIRST)
    until(lambda: task.proved == {FIRST_NETWORK: 2})
    assert home.rows() == [FIRST]
    left = [row["dst-address"] for row in machine.rows("/ip/firewall/connection")]
    assert left == ["8.8.8.8:443"]
    assert machine.packet(FIRST) and not machine.packet(SECOND)
    assert machine.flash_writes == written


@pytest.mark.slow
def test_many_rows_are_proved_by_one_reading(home: Home, task: RouterTask) -> None:
    """A router walks its whole list for each query."""
    until(lambda: task.state.reached)
    home.api.cut()
    for number in range(100):
        home.register.wish(ip_network(f"45.1.{number}.1/32"), 3600, "you")
    until(lambda: len(task.proved) == 100)
    home.api.cut()
    home.machine.reboot()
    begun = len(home.api.transcript)
    until(lambda: task.proved == {})
    until(lambda: len(task.proved) == 100)
    said = [words for who, words in list(home.api.transcript)[begun:] if who == "client"]
    assert sum(any(word.startswith("?.id=") for word in words) for words in said) <= rows.FEW


def test_ipv6_is_blocked_as_its_64(home: Home, task: RouterTask) -> None:
    home.machine.connection(f"[{SIX}]:4444", "[fd00::1]:22", 6)
    home.register.wish(ip_network("2600:1:2:3::/64"), 3600, "you")
    until(lambda: task.proved == {ip_network("2600:1:2:3::/64"): 1})
    assert home.rows("ipv6") == ["2600:1:2:3::/64"] and home.rows() == []


def test_lifting_removes_the_row(home: Home, task: RouterTask) -> None:
    attack(home, FIRST, SECOND)
    until(lambda: len(task.proved) == 2)
    home.register.lift(ip_network(f"{FIRST}/32"))
    until(lambda: home.rows() == [SECOND])
    until(lambda: set(task.proved) == {SECOND_NETWORK})


@pytest.mark.slow
def test_after_a_reboot_the_rows_are_back(home: Home, task: RouterTask) -> None:
    attack(home, FIRST, SECOND)
    until(lambda: len(task.proved) == 2)
    home.machine.reboot()
    assert home.rows() == []
    until(lambda: sorted(home.rows()) == [FIRST, SECOND])
    until(lambda: len(task.proved) == 2)
    assert home.register.shown(9)[0] == 2


def test_a_row_that_is_lifted_on_the_router_stays_away(home: Home, task: RouterTask) -> None:
    attack(home, FIRST, SECOND)
    until(lambda: len(task.proved) == 2)
    with home.machine.lock:
        id = home.machine.rows(LIST)[0][".id"]
        home.machine.run("admin", LIST, "remove", {".id": id}, [])
    until(lambda: home.register.shown(9)[0] == 1)
    attack(home, FIRST, "45.66.77.90")
    until(lambda: len(task.proved) == 2)
    assert home.rows() == [SECOND, "45.66.77.90"]
    assert [each.words for each in home.register.spared][0] == (
        "Lifted by hand on the router home."
    )


@pytest.mark.slow
def test_what_is_lifted_while_nobody_looks_stays_away(home: Home, task: RouterTask) -> None:
    attack(home, FIRST, SECOND)
    until(lambda: len(task.proved) == 2)
    with home.machine.lock:
        home.api.cut()
        id = home.machine.rows(LIST)[0][".id"]
        home.machine.watchers.clear()
        home.machine.run("admin", LIST, "remove", {".id": id}, [])
    until(lambda: set(task.proved) == {SECOND_NETWORK})
    assert home.rows() == [SECOND] and home.register.spared


@pytest.mark.slow
def test_a_row_that_ran_out_early_is_made_again(home: Home, task: RouterTask) -> None:
    """Another's row did for ours; when its time is over, ours is needed."""
    with home.machine.lock:
        row = {"list": "glovebox", "address": FIRST, "comment": "x", "timeout": "1h"}
        home.machine.run("admin", LIST, "add", row, [])
    attack(home, FIRST)
    until(lambda: task.state.reached)
    home.api.cut()
    until(lambda: FIRST_NETWORK in task.proved)
    with home.machine.lock:
        id = home.machine.rows(LIST)[0][".id"]
        home.machine.end(LIST, id, 0.0)
        home.machine.expire()
    until(lambda: [r.get("comment", "")[:9] for r in home.machine.rows(LIST)] == ["glovebox "])
    assert home.register.shown(9)[0] == 1


@pytest.mark.slow
def test_duplicates_of_ours_go(home: Home, task: RouterTask) -> None:
    attack(home, FIRST)
    until(lambda: len(task.proved) == 1)
    with home.machine.lock:
        # A router that forgot that it holds the row already.
        home.machine._keys.clear()
        row = {"list": "glovebox", "address": FIRST, "comment": "glovebox 9 1:2", "timeout": "1h"}
        home.machine.run("admin", LIST, "add", row, [])
        home.api.cut()
    until(lambda: len(home.rows()) == 1 and len(task.proved) == 1)


@pytest.mark.slow
def test_hostile_rows_and_names_do_no_harm(home: Home, task: RouterTask) -> None:
    hostile = "\x1b[2J\u202e<script>" + "x" * 100_000
    with home.machine.lock:
        home.machine.board = hostile
        home.machine.single["/system/identity"] = {"name": hostile}
        for address in (hostile, "", "0.0.0.0/0", "1.2.3.4-1.2.3", "a.name"):
            home.machine._put(LIST, {"list": "glovebox", "address": address, "comment": hostile})
        home.machine._put("/ip/address", {"address": hostile, "network": "x"})
        home.machine._put("/ip/route", {"gateway": hostile})
    home.api.cut()
    attack(home, FIRST)
    until(lambda: FIRST_NETWORK in task.proved)
    until(lambda: task.state.foreign == 5)
    assert task.state.board.isprintable() and len(task.state.board) <= 41


def test_rows_of_others_stay_and_do_for_ours(home: Home, task: RouterTask) -> None:
    with home.machine.lock:
        row = {"list": "glovebox", "address": FIRST, "comment": "the owner's"}
        home.machine.run("admin", LIST, "add", row, [])
        home.machine.run("admin", LIST, "add", {"list": "x", "address": SECOND}, [])
    attack(home, FIRST, SECOND)
    until(lambda: SECOND_NETWORK in task.proved)
    home.register.lift(ip_network(f"{FIRST}/32"))
    home.register.lift(ip_network(f"{SECOND}/32"))
    until(lambda: not task.proved)
    kept = [(row["list"], row["address"]) for row in home.machine.rows(LIST)]
    assert kept == [("glovebox", FIRST), ("x", SECOND)]


def test_a_router_that_lies_has_no_proof(home: Home, task: RouterTask) -> None:
    until(lambda: task.state.reached)
    home.machine.lies = True
    asked = len(home.api.transcript)
    attack(home, FIRST)
    until(lambda: any(f"{LIST}/print" in w[0] for _, w in home.api.transcript[asked:]))
    home.machine.lies = False
    assert task.proved == {} and home.rows() == []


@pytest.mark.parametrize(
    ("text", "family", "network"),
    [
        ("45.66.77.88:443", "ip", "45.66.77.88/32"), ("45.66.77.88", "ip", "45.66.77.88/32"),
        ("[2600:1:2:3::9]:443", "ipv6", "2600:1:2:3::/64"),
        ("2600:1:2:3::9/128", "ipv6", "2600:1:2:3::/64"), ("", "ip", None), ("junk", "ipv6", None),
    ],
)  # fmt: skip
def test_ends_of_connections_are_read(text: str, family: str, network: str | None) -> None:
    expected = ip_network(network) if network else None
    assert rows._network(text, family) == expected


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_rows_are_back_after_a_reboot(home: Home, task: RouterTask) -> None:
    """How long it takes says the benchmark."""
    for number in range(10_000):
        home.register.wish(ip_network(f"45.{number >> 8}.{number & 255}.1/32"), 86400, "you")
    until(lambda: len(task.proved) == 10_000, seconds=1200)
    home.machine.reboot()
    until(lambda: len(home.rows()) == 10_000, seconds=1200)
    until(lambda: len(task.proved) == 10_000, seconds=1200)
