# SPDX-License-Identifier: MIT
"""From whom alone frames are taken: the page's choice is kept, and the card's list rules."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance import accept
from appliance.accept import ListedRouters, carry_out, checked, listed
from appliance.requests import WantedRouters
from appliance.settings import config

ROUTER, OTHER = ip_address("192.0.2.1"), ip_address("2001:db8::7")


@dataclass
class Machine:
    card: Path
    accepted: Path
    doors: Path

    @property
    def layers(self) -> tuple[Path, Path]:
        return self.card, self.accepted

    def wish(self, *addresses: str) -> None:
        carry_out(WantedRouters(addresses), self.layers, self.accepted, self.doors)

    def listed(self) -> ListedRouters:
        return listed(self.layers, self.accepted)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "doors").mkdir()
    return Machine(tmp_path / "glovebox.toml", tmp_path / "routers.toml", tmp_path / "doors")


def test_choice_is_kept_and_everything_that_asks_who_may_send_starts_anew(machine: Machine) -> None:
    assert machine.listed() == ListedRouters()
    machine.wish("192.0.2.1", "2001:db8::7")
    assert machine.listed() == ListedRouters(page=(ROUTER, OTHER))
    settings, errors = config.load(machine.layers)
    assert (settings.capture.routers, errors) == ((ROUTER, OTHER), [])
    doors = {file.name for file in machine.doors.iterdir()}
    assert doors == {unit.removesuffix(".service") for unit in accept.AFFECTED}
    # Every service reads it.
    assert machine.accepted.stat().st_mode & 0o777 == 0o644


def test_choice_is_undone(machine: Machine) -> None:
    machine.wish("192.0.2.1")
    machine.wish()
    assert machine.listed() == ListedRouters()
    assert not machine.accepted.exists()
    assert config.load(machine.layers)[0].capture.routers == ()
    machine.wish()


def test_list_on_the_card_rules(machine: Machine) -> None:
    machine.card.write_text('[capture]\nrouters = ["2001:db8::7"]\n')
    with pytest.raises(ValueError, match="card"):
        machine.wish("192.0.2.1")
    assert not machine.accepted.exists()
    assert list(machine.doors.iterdir()) == []
    assert machine.listed() == ListedRouters(settings=(OTHER,))


def test_empty_list_on_the_card_leaves_the_choice_to_the_page(machine: Machine) -> None:
    machine.card.write_text("[capture]\nrouters = []\n")
    machine.wish("192.0.2.1")
    assert config.load(machine.layers)[0].capture.routers == (ROUTER,)


@pytest.mark.parametrize(
    "address",
    ["", "router", "0.0.0.0", "::", "224.0.0.1", "192.0.2.1/24", "192.0.2.1\n", '1"]\n[web]',
     "192.0.2.256", "\0"],
)  # fmt: skip
def test_what_is_no_address_of_a_router_changes_nothing(machine: Machine, address: str) -> None:
    machine.wish("192.0.2.1")
    before = machine.accepted.read_bytes()
    with pytest.raises(ValueError):
        machine.wish("192.0.2.2", address)
    assert machine.accepted.read_bytes() == before


def test_addresses_are_read_as_the_settings_read_them() -> None:
    assert checked(["::ffff:192.0.2.1", "192.0.2.1", "fe80::1%eth0"]) == (
        ROUTER, ip_address("fe80::1"),
    )  # fmt: skip
    most = [f"192.0.2.{number}" for number in range(accept.MOST_ROUTERS)]
    with pytest.raises(ValueError, match="at most"):
        checked([*most[1:], "192.0.2.98", "192.0.2.99"])


def test_request_that_nobody_took_yet_is_enough(machine: Machine) -> None:
    machine.wish("192.0.2.1")
    machine.wish("2001:db8::7")
    assert machine.listed() == ListedRouters(page=(OTHER,))


def test_choice_that_cannot_be_read_is_told_and_is_none(machine: Machine) -> None:
    machine.accepted.write_bytes(b"\xff[capture")
    assert machine.listed() == ListedRouters()
    assert len(config.load(machine.layers)[1]) == 1
