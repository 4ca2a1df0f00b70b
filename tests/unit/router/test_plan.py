# SPDX-License-Identifier: MIT
"""The plan: every command is known to every version, nobody is locked out, undo is exact."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.router import plan
from appliance.router.orders import Order
from appliance.router.picture import Picture
from appliance.router.plan import Wanted
from appliance.settings.sections.router import RouterEntry
from tests.routeros import console, schema, terminal
from tests.routeros.machine import Machine

SENSORS = ("192.168.88.5", "2001:db8::5")
# Device-mode came with 7.17.
ROUTERS = (("7.9", "advanced"), ("7.17", "home"), ("7.18", "advanced"), ("7.24", "home"))
HOME = """
/interface list add name=WAN
/interface list add name=LAN
/interface list member add list=WAN interface=ether1
/interface list member add list=LAN interface=bridge
/ip firewall filter add chain=input action=accept connection-state=established,related,untracked
/ip firewall filter add chain=input action=drop in-interface-list=!LAN comment="defconf: drop"
/ip firewall filter add chain=forward action=fasttrack-connection comment="defconf: fasttrack"
/ip firewall raw add chain=prerouting action=accept comment="the owner's" dst-address=192.0.2.8
/system scheduler add name=backup interval=1d on-event="/system backup save"
/ip firewall address-list add list=owners address=192.0.2.9
"""
OWNERS = (
    HOME
    + """
/tool sniffer set streaming-enabled=yes streaming-server=192.0.2.77:37008 memory-limit=200KiB
/ip traffic-flow set enabled=yes active-flow-timeout=5m
/ip traffic-flow target add dst-address=192.0.2.77
/system logging action add name=mine target=remote remote=192.0.2.77
/system logging add topics=info action=mine
"""
)


def entries() -> Iterator[RouterEntry]:
    for capture, more in itertools.product(("auto", "sniffer", "mangle", "none"), (False, True)):
        yield RouterEntry("home", ip_address("192.168.88.1"), capture, more, more, adlist=more)  # type: ignore[arg-type]


def wanteds(picture: Picture | None = None) -> Iterator[Wanted]:
    for entry, sensor in itertools.product(entries(), SENSORS):
        yield Wanted(entry, ip_address(sensor), "0123456789abcdef", picture)


def pictured(machine: Machine) -> Picture:
    """Return what read() would of this router."""
    from appliance.router import picture

    tables = {
        menu: tuple(machine.run("admin", menu, "print", {}, [])[0])
        for menu in picture.NAMES
        if menu in machine.schema.menus()
    }
    return Picture(tables)


def recorded(shared_data: Path) -> list[str]:
    """Return the configurations to try: recorded ones, and those of an owner's router."""
    exports = shared_data / "logs" / "routeros-export"
    files = [shared_data / "routeros" / "own" / "export-noise.cleaned.txt", *exports.glob("*.rsc"),
             *exports.glob("*_output.txt")]  # fmt: skip
    assert len(files) >= 4
    return ["", HOME, OWNERS, *(file.read_text() for file in sorted(files))]


def every_order() -> Iterator[Order]:
    for wanted in wanteds():
        steps = plan.steps(wanted)
        yield from (order for step in steps for order in (*step.do, *step.undo))
        yield from plan.undo_orders(steps)


def is_for(order: Order, version: str) -> bool:
    """Tell whether a router of this version is given such an order."""
    known = Picture({"/system/resource": ({"version": version},)})
    return order.menu != "/ip/dns/adlist" or not plan.without_adlist(known)


@pytest.mark.slow
@pytest.mark.parametrize("version", schema.versions() if schema.DATA.is_dir() else [])
def test_every_command_is_known_to_every_version(shared_data: Path, version: str) -> None:
    tree = schema.schema(version)
    lines = {order.line: order for order in every_order() if is_for(order, version)}
    assert len(lines) > 40
    for line, order in lines.items():
        parsed = console.parse(line, tree)
        assert (parsed.path, parsed.command) == (order.menu, order.verb)
        tree.check(parsed.path, parsed.command, parsed.values)
        assert parsed.values == dict(order.values) and parsed.bare == []


def test_the_fields_that_rows_are_found_by_are_known(shared_data: Path) -> None:
    tree = schema.tree()["menus"]
    for order in every_order():
        known = (
            {*tree[order.menu]["properties"], *tree[order.menu]["commands"]["set"]["args"]}
            if "set" in tree[order.menu]["commands"]
            else set(tree[order.menu]["properties"])
        )
        assert {key for key, _ in order.where} <= known, order.line


def test_nobody_is_locked_out() -> None:
    """No rule of input, no user and no group but ours, no service but api-ssl, no address of it."""
    for order in every_order():
        assert not order.menu.endswith("/filter"), order.line
        assert dict(order.values).get("chain", "prerouting") == "prerouting", order.line
        if order.menu == "/ip/service":
            assert order.where == (("name", "api-ssl"),)
            assert {key for key, _ in order.values} == {"certificate", "disabled"}
        if order.menu.startswith("/user"):
            fields = dict(order.where or order.identity)
            assert fields in ({"comment": "glovebox:user"}, {"comment": "glovebox:reader"})
        if order.menu.endswith("/raw") and order.verb == "add":
            assert {"in-interface-list"} < {key for key, _ in order.values}
        assert order.verb != "set" or order.menu in (
            "/tool/sniffer",
            "/ip/traffic-flow",
            "/ip/service",
        ), order.line


@pytest.mark.slow
@pytest.mark.parametrize(("version", "mode"), ROUTERS)
def test_block_and_undo_leave_the_export_as_it_was(
    shared_data: Path, version: str, mode: str
) -> None:
    """With the router's picture, as over its API; each recorded configuration, each choice."""
    for text in recorded(shared_data):
        before = Machine(version, mode="advanced")
        terminal.paste(before, text)
        before.mode = mode
        first, picture = terminal.export(before), pictured(before)
        for wanted in wanteds(picture):
            if wanted.router.capture == "sniffer" and mode == "home":
                continue
            steps = plan.steps(wanted)
            assert terminal.paste(before, plan.script(steps)) == []
            assert plan.missing(steps, pictured(before)) == ()
            assert terminal.export(before) != first
            assert terminal.paste(before, plan.undo_script(steps)) == []
            assert terminal.export(before) == first


@pytest.mark.parametrize("text", ["", HOME])
def test_without_a_picture_the_undo_is_exact_where_nothing_was_changed(
    shared_data: Path, text: str
) -> None:
    for wanted in wanteds():
        machine = Machine("7.24")
        terminal.paste(machine, text)
        first = terminal.export(machine)
        steps = plan.steps(wanted)
        assert terminal.paste(machine, plan.script(steps)) == []
        assert terminal.paste(machine, plan.undo_script(steps)) == []
        assert terminal.export(machine) == first


def test_the_block_can_be_pasted_again(shared_data: Path) -> None:
    for wanted in wanteds():
        machine = Machine("7.18")
        steps = plan.steps(wanted)
        terminal.paste(machine, plan.script(steps))
        once = terminal.export(machine)
        refused = terminal.paste(machine, plan.script(steps))
        assert sorted(terminal.export(machine).splitlines()) == sorted(once.splitlines())
        assert all("already have" in line for line in refused)


def test_auto_takes_what_costs_less_unless_the_sniffer_runs_already(shared_data: Path) -> None:
    entry = RouterEntry("home", ip_address("192.168.88.1"))
    machine = Machine("7.22.1")
    assert plan.capture(entry, None) == "mangle"
    assert plan.capture(entry, pictured(machine)) == "mangle"
    terminal.paste(machine, "/tool sniffer set streaming-enabled=yes\n/tool sniffer start")
    assert plan.capture(entry, pictured(machine)) == "sniffer"


def test_a_certificate_of_the_owners_stays(shared_data: Path) -> None:
    machine = Machine("7.22.1")
    machine.tables["/ip/service"][-1].update(certificate="mine")
    entry = RouterEntry("home", ip_address("192.168.88.1"))
    steps = plan.steps(Wanted(entry, ip_address(SENSORS[0]), "x", pictured(machine)))
    assert steps[0].name == "certificate" and steps[0].do == ()


def test_a_step_in_part_is_missing(shared_data: Path) -> None:
    machine = Machine("7.22.1")
    entry = RouterEntry("home", ip_address("192.168.88.1"))
    steps = plan.steps(Wanted(entry, ip_address(SENSORS[0]), "x"))
    terminal.paste(machine, plan.script(steps))
    rows = machine.tables["/ip/firewall/raw"]
    machine.run("admin", "/ip/firewall/raw", "remove", {".id": rows[0][".id"]}, [])
    assert [step.name for step in plan.missing(steps, pictured(machine))] == ["block-ip"]


def test_after_a_reboot_the_stream_goes_on(shared_data: Path) -> None:
    for capture in ("sniffer", "mangle"):
        machine = Machine("7.22.1")
        entry = RouterEntry("home", ip_address("192.168.88.1"), capture)
        steps = plan.steps(Wanted(entry, ip_address(SENSORS[0]), "x"))
        terminal.paste(machine, plan.script(steps))
        machine.reboot()
        assert plan.missing(steps, pictured(machine)) == ()


@pytest.mark.parametrize(
    ("address", "sensor", "source"),
    [
        ("192.168.88.1", "192.168.88.5", "src-address=192.168.88.1"),
        ("192.168.88.1", "2001:db8::5", ""),
        ("fe80::1", "fe80::5", ""),
    ],
)
def test_flows_come_from_the_address_that_is_listed(address: str, sensor: str, source: str) -> None:
    """By it glovebox-flows knows who may send."""
    entry = RouterEntry("home", ip_address(address), flows=True)
    (step,) = (
        each
        for each in plan.steps(Wanted(entry, ip_address(sensor), "0123456789abcdef"))
        if each.name == "flows"
    )
    (target,) = (order.line for order in step.do if order.menu.endswith("/target"))
    assert source in target and ("src-address" in target) == bool(source)


def test_an_adlist_is_for_routers_that_know_it(shared_data: Path) -> None:
    entry = RouterEntry("home", ip_address("192.168.88.1"), adlist=True)
    for version, sensor, has in (
        ("7.22.1", SENSORS[0], True), ("7.22.1", SENSORS[1], True), ("7.9", SENSORS[0], False),
    ):  # fmt: skip
        machine = Machine(version)
        wanted = Wanted(entry, ip_address(sensor), "x", pictured(machine))
        steps = plan.steps(wanted)
        assert ("adlist" in [step.name for step in steps]) == has
        terminal.paste(machine, plan.script(steps))
        assert plan.missing(steps, pictured(machine)) == ()
        terminal.paste(machine, plan.undo_script(steps))
        assert machine.tables.get("/ip/dns/adlist", []) == []


def test_each_step_tells_why_and_what_it_costs() -> None:
    for wanted in wanteds():
        for step in plan.steps(wanted):
            assert step.title and step.why and step.cost
