# SPDX-License-Identifier: MIT
"""Set up over the API, and undone: the export afterwards is the export before."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.router import picture, plan, setup
from appliance.router.api import Connection, connect
from appliance.router.keeping import Keeping
from appliance.router.orders import add, remove
from appliance.router.plan import Step, Wanted
from appliance.router.refusals import RouterError
from appliance.router.setup import SetupError
from appliance.router.wire import ApiAddress
from appliance.settings.sections.router import RouterEntry
from tests.routeros import server, terminal
from tests.routeros.machine import Machine
from tests.unit.router.test_plan import ROUTERS, SENSORS, entries, recorded


@pytest.fixture
def kept(tmp_path: Path) -> Keeping:
    return Keeping("home", tmp_path)


@pytest.fixture
def connection(machine: Machine) -> Iterator[Connection]:
    with server.serving(machine) as running, _connected(running.port) as opened:
        yield opened


def _connected(port: int) -> Connection:
    return connect(ApiAddress("127.0.0.1", port, tls=False), "admin", "secret")


def _steps(connection: Connection, entry: RouterEntry, sensor: str) -> tuple[Step, ...]:
    found = picture.read(connection)
    aim = Wanted(entry, ip_address(sensor), "0123456789abcdef", found)
    return plan.missing(plan.steps(aim), found)


@pytest.mark.slow
@pytest.mark.parametrize(("version", "mode"), ROUTERS)
def test_set_up_and_undo_give_back_every_recorded_configuration(
    shared_data: Path, kept: Keeping, version: str, mode: str
) -> None:
    for text in recorded(shared_data):
        machine = Machine(version)
        terminal.paste(machine, text)
        machine.mode = mode
        first = terminal.export(machine)
        with server.serving(machine) as running, _connected(running.port) as connection:
            for entry in list(entries())[::3]:
                if entry.capture == "sniffer" and mode == "home":
                    continue
                setup.apply(connection, kept, _steps(connection, entry, SENSORS[0]))
                assert _steps(connection, entry, SENSORS[0]) == ()
                assert setup.undo(connection, kept)
                assert terminal.export(machine) == first
    assert kept.setup() is None


def test_our_rules_stand_first(connection: Connection, machine: Machine, kept: Keeping) -> None:
    rule = {"chain": "prerouting", "action": "accept", "comment": "the owner's"}
    machine.run("admin", "/ip/firewall/raw", "add", rule, [])
    setup.apply(connection, kept, _steps(connection, next(entries()), SENSORS[0]))
    comments = [row["comment"] for row in machine.rows("/ip/firewall/raw")]
    assert comments[-1] == "the owner's" and len(comments) == 3


def test_a_step_that_fails_takes_all_back(
    connection: Connection, machine: Machine, kept: Keeping
) -> None:
    first = terminal.export(machine)
    good = add("/interface/list", name="one")
    bad = add("/system/logging/action", name="not-allowed", target="remote")
    steps = tuple(
        Step(order.values[0][1], "A step", "x", "x", (order,), (remove(order),))
        for order in (good, bad)
    )
    with pytest.raises(SetupError, match="all steps were taken back"):
        setup.apply(connection, kept, steps)
    assert terminal.export(machine) == first
    assert kept.setup() is None


def test_a_line_that_the_router_does_not_know_changes_nothing(
    connection: Connection, machine: Machine, kept: Keeping
) -> None:
    wrong = add("/interface/list", name="one", colour="red")
    with pytest.raises(SetupError, match="nothing was changed"):
        setup.apply(connection, kept, (Step("x", "x", "x", "x", (wrong,), ()),))
    assert machine.flash_writes == 0 and kept.setup() is None


def test_a_second_setup_adds_no_row_twice(
    connection: Connection, machine: Machine, kept: Keeping
) -> None:
    entry = next(entries())
    steps = _steps(connection, entry, SENSORS[0])
    setup.apply(connection, kept, steps)
    once = terminal.export(machine)
    setup.apply(connection, kept, steps)
    assert terminal.export(machine) == once
    assert setup.undo(connection, kept)


def test_what_the_owner_changed_meanwhile_is_told(
    connection: Connection, machine: Machine, kept: Keeping
) -> None:
    setup.apply(connection, kept, _steps(connection, next(entries()), SENSORS[0]))
    machine.run("admin", "/interface/list", "add", {"name": "new"}, [])
    assert not setup.undo(connection, kept)
    assert [row["name"] for row in machine.rows("/interface/list")] == ["new"]
    assert kept.setup() is not None


def test_what_breaks_off_can_be_undone_later(machine: Machine, kept: Keeping) -> None:
    """The way back is noted before the first change."""
    first = terminal.export(machine)
    with server.serving(machine) as running:
        with _connected(running.port) as connection:
            steps = _steps(connection, next(entries()), SENSORS[0])

            def cut(path: str, _: object) -> None:
                if path == "/ip/firewall/mangle":
                    running.cut_after = 0

            machine.watchers.append(cut)
            with pytest.raises(RouterError):
                setup.apply(connection, kept, steps)
        machine.watchers.remove(cut)
        running.cut_after = None
        assert terminal.export(machine) != first
        with _connected(running.port) as again:
            assert setup.undo(again, kept)
    assert terminal.export(machine) == first


def test_nothing_noted_is_said(connection: Connection, kept: Keeping) -> None:
    with pytest.raises(SetupError, match="nothing is known"):
        setup.undo(connection, kept)
