# SPDX-License-Identifier: MIT
"""Each thing that can be wrong with a router is told, with what to do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.reports.levels import Level
from appliance.router import plan, verify
from appliance.router.picture import Picture
from appliance.router.plan import Wanted
from appliance.router.refusals import Refusal
from appliance.settings.sections.router import RouterEntry
from tests.routeros import terminal
from tests.routeros.machine import Machine, Row
from tests.unit.router.test_plan import HOME, OWNERS, pictured

SENSOR = ip_address("192.168.88.5")
LISTS = "\n".join(line for line in HOME.splitlines() if line.startswith("/interface"))


def wanted(capture: str = "mangle") -> Wanted:
    entry = RouterEntry("home", ip_address("192.168.88.1"), capture)  # type: ignore[arg-type]
    return Wanted(entry, SENSOR, "x")


def ready(machine: Machine, capture: str = "mangle") -> Machine:
    """Return the machine, set up."""
    terminal.paste(machine, LISTS)
    terminal.paste(machine, plan.script(plan.steps(wanted(capture))))
    return machine


def test_a_router_that_is_set_up_is_well(machine: Machine) -> None:
    ready(machine)
    assert verify.points(wanted(), pictured(machine)) == (
        verify.Point(Level.OK, "The router is set up."),
    )


def rule(machine: Machine, **values: str) -> None:
    machine.tables["/ip/firewall/raw"][0].update(values)


def ours(machine: Machine, name: str = "glovebox") -> Row:
    """Return the group of ours of this name."""
    return next(row for row in machine.tables["/user/group"] if row["name"] == name)


CASES: dict[str, tuple[Callable[[Machine], object], Level, str]] = {
    "a rule is gone": (
        lambda machine: machine.tables["/ip/firewall/raw"].pop(), Level.FAIL, "Not there: rules",
    ),
    "a rule is off": (lambda m: rule(m, disabled="true"), Level.FAIL, "switched off"),
    "a rule is invalid": (lambda m: rule(m, invalid="true"), Level.FAIL, "invalid"),
    "an accept stands before": (
        lambda m: m.tables["/ip/firewall/raw"].insert(
            0, {".id": "*F0", "chain": "prerouting", "action": "accept", "comment": "a\x1b[2Jb"}
        ),
        Level.WARN, "stands before glovebox:block-in (a[2Jb)",
    ),
    "no list of that name": (
        lambda m: m.tables["/interface/list/member"].pop(), Level.FAIL, "no interface list LAN",
    ),
    "more rights than needed": (
        lambda m: ours(m).update(policy="api,read,write,policy,!ftp"),
        Level.WARN, "may do more than it needs: policy",
    ),
    "fewer rights than needed": (
        lambda m: ours(m).update(policy="api,read"),
        Level.FAIL, "Not there: a user",
    ),
    "the stream comes twice": (
        lambda m: terminal.paste(
            m, "/tool sniffer set streaming-enabled=yes\n/tool sniffer start"
        ),
        Level.WARN, "comes twice",
    ),
    "FastTrack": (lambda m: terminal.paste(m, HOME), Level.WARN, "FastTrack is on"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_told_with_what_to_do(machine: Machine, name: str) -> None:
    spoil, level, words = CASES[name]
    ready(machine)
    spoil(machine)
    found = verify.points(wanted(), pictured(machine))
    assert [point for point in found if point.level is level and words in point.text], found
    assert all(point.advice for point in found)


def test_the_sniffer_on_a_router_that_forbids_it_is_told_with_the_button(
    shared_data: object,
) -> None:
    machine = ready(Machine("7.22.1", mode="home"), "sniffer")
    (point,) = [
        p for p in verify.points(wanted("sniffer"), pictured(machine)) if "forbids" in p.text
    ]
    assert "button" in point.advice and "update sniffer=yes scheduler=yes" in point.advice


@pytest.mark.parametrize("version", ["6.49.10", "7.8"])
def test_an_old_router_is_told(version: str) -> None:
    found = verify.points(wanted(), Picture({"/system/resource": ({"version": version},)}))
    assert any("too old" in point.text for point in found)


def test_a_flagged_router_is_told() -> None:
    found = verify.points(wanted(), Picture({"/system/device-mode": ({"flagged": "true"},)}))
    assert any("suspects" in point.text for point in found)


def test_what_may_not_be_read_is_told() -> None:
    found = verify.points(wanted(), Picture({}, {"/user": Refusal.RIGHTS, "/x": Refusal.VERSION}))
    (point,) = [point for point in found if "may not read" in point.text]
    assert "/user" in point.text and "/x" not in point.text


def test_an_adlist_without_effect_is_told() -> None:
    aim = replace(wanted(), router=replace(wanted().router, adlist=True))
    machine = Machine()
    terminal.paste(machine, f"{LISTS}\n{plan.script(plan.steps(aim))}")
    row = machine.tables["/ip/dns/adlist"][0]
    machine.run("admin", "/ip/dns", "set", {"allow-remote-requests": "yes"}, [])
    assert verify.points(aim, pictured(machine))[0].text == "The router is set up."
    machine.run("admin", "/ip/dns", "set", {"allow-remote-requests": "no"}, [])
    assert "answers no questions" in verify.points(aim, pictured(machine))[0].text
    row["name-count"] = "0"
    assert "no names yet" in verify.points(aim, pictured(machine))[0].text
    old = Picture({"/system/resource": ({"version": "7.14.3"},)})
    assert any("7.15 or newer" in point.text for point in verify.points(aim, old))


ODD = (
    "", "\x00\x1b[2J", "\udcff\udc80", "\u202e<script>", "x" * 100_000, "yes", "no", "false",
    "*1", "99999999999999999999w", "１２:00:00", "+25:99",
    "nov/31/2026", "24:61:61", "::", "fe80::1%eth0",
    "10.0.0.1/99", "!read," + "a," * 5000, "7.25beta3 (testing)", "٧.٢٢", "glovebox", plan.RULE_IN,
    "prerouting", "accept", "fasttrack-connection",
)  # fmt: skip
FIELDS = ("comment", "disabled", "invalid", "policy", "name", "list", "version", "uptime", "date")


@given(st.data())
def test_whatever_tables_hold_is_told_plainly_and_quoted(data: st.DataObject) -> None:
    """Rows that are missing, twice, or hold anything; the way back bears the router's own words."""
    found = _set_up()
    tables = {menu: [dict(row) for row in rows] for menu, rows in found.tables.items()}
    menus = st.sampled_from([menu for menu, rows in tables.items() if rows])
    for menu in data.draw(st.lists(menus, min_size=1, max_size=8)):
        row = data.draw(st.sampled_from(tables[menu]))
        name = data.draw(st.sampled_from((*row, *FIELDS)))
        row[name] = data.draw(st.sampled_from(ODD) | st.binary(max_size=9).map(_decoded))
        tables[menu] += data.draw(st.sampled_from(([], [row], [{}])))
    picture = Picture({menu: tuple(rows) for menu, rows in tables.items()}, {}, 1.8e9)
    aim = replace(
        wanted(data.draw(st.sampled_from(("auto", "sniffer", "mangle")))), picture=picture
    )
    for point in verify.points(aim, picture):
        assert point.text.isprintable() and len(point.text) < 500
    steps = plan.steps(aim)
    for line in f"{plan.script(steps)}{plan.undo_script(steps)}".splitlines():
        assert line.isprintable() and line.isascii()


@functools.cache
def _set_up() -> Picture:
    machine = Machine()
    terminal.paste(machine, OWNERS)
    return pictured(ready(machine))


def _decoded(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
