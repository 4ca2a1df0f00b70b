# SPDX-License-Identifier: MIT
"""Trials of network settings over starts, power cuts and changes of mind."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from appliance.probation.policy import (
    LIMIT_S,
    Choice,
    KeptNetwork,
    Tables,
    TrialProgress,
    choose,
    network,
    returned,
)
from appliance.reports.probation import TrialEnd

HOME: Tables = {"wired": {"addresses": ["192.168.88.5/24"], "gateways": ["192.168.88.1"]}}
AWAY: Tables = {"wired": {"addresses": ["10.9.9.9/24"], "gateways": ["10.9.9.1"]}}
ONE = {"ssid": "One", "password": "the old one"}
TWO = {"ssid": "Two", "password": "the new one"}


@dataclass
class Machine:
    """Keeps what lasts over starts, as DATA does; `progress` is what the watching service wrote."""

    record: KeptNetwork = field(default_factory=KeptNetwork)
    progress: TrialProgress | None = None
    starts: int = 0

    def start(self, given: Tables, text: str = "as written") -> Choice:
        self.starts += 1
        choice = choose(self.record, self.progress, given, text, f"attempt {self.starts}")
        self.record = choice.record
        return choice

    def ends(self, verdict: TrialEnd, spent: float = 0.0) -> None:
        assert self.record.attempt is not None
        self.progress = TrialProgress(self.record.attempt.name, spent, verdict)


def at_home() -> Machine:
    """Return a machine on which HOME has worked."""
    machine = Machine()
    machine.start(HOME)
    machine.ends(TrialEnd.WORKS)
    assert not machine.start(HOME).on_trial
    assert machine.record == KeptNetwork(HOME)
    return machine


def test_network_is_what_the_two_sections_say() -> None:
    tables: Tables = {
        "web": {"port": 80}, "wired": {"addresses": [], "dns": []},
        "wifi": {"country": "", "networks": [ONE]},
    }  # fmt: skip
    assert network(tables) == {"wifi": {"networks": [ONE]}}


def test_the_defaults_are_never_on_trial() -> None:
    machine = Machine()
    choice = machine.start({})
    assert not choice.on_trial and choice.record == KeptNetwork()


def test_what_does_not_work_gives_way_to_what_did_and_is_not_tried_again() -> None:
    machine = at_home()
    assert machine.start(AWAY).on_trial
    machine.ends(TrialEnd.FAILED, LIMIT_S)
    for _ in range(3):
        choice = machine.start(AWAY)
        assert (choice.tables, choice.came_back, choice.on_trial) == (HOME, ("wired",), False)
    # An attempt of another name is none of the failed one's.
    assert machine.record.good == HOME


def test_the_first_settings_give_way_to_the_defaults() -> None:
    machine = Machine()
    assert machine.start(AWAY).on_trial
    machine.ends(TrialEnd.FAILED)
    assert machine.start(AWAY).tables == {}


def test_what_works_is_what_comes_back_later() -> None:
    machine = at_home()
    machine.start(AWAY)
    machine.ends(TrialEnd.WORKS)
    third: Tables = {"wired": {"addresses": ["172.16.0.9/24"]}}
    assert machine.start(third).on_trial
    machine.ends(TrialEnd.FAILED)
    assert machine.start(third).tables == AWAY


def test_power_cuts_lose_neither_set_and_end_with_the_time_that_counts() -> None:
    machine = at_home()
    names = set()
    for spent in (0.0, 60.0, 120.0, LIMIT_S - 1):
        choice = machine.start(AWAY)
        assert choice.on_trial and choice.tables == AWAY and choice.record.good == HOME
        assert choice.record.attempt is not None
        names.add(choice.record.attempt.name)
        machine.ends(TrialEnd.PENDING, spent)
    assert len(names) == 1
    machine.ends(TrialEnd.PENDING, LIMIT_S)
    assert machine.start(AWAY).came_back


def test_the_progress_of_another_attempt_says_nothing() -> None:
    machine = at_home()
    machine.progress = TrialProgress("another", LIMIT_S, TrialEnd.FAILED)
    assert machine.start(AWAY).on_trial
    machine.progress = TrialProgress("another", 0.0, TrialEnd.WORKS)
    assert machine.start(AWAY).record.good == HOME


@pytest.mark.parametrize(
    ("given", "text", "on_trial"),
    [
        (AWAY, "as written", False),
        (AWAY, "with a remark", True),
        (AWAY, "", False),
        ({"wired": {"addresses": ["10.9.9.8/24"]}}, "as written", True),
    ],
    ids=["the same", "touched by the owner", "BOOT cannot be read", "corrected"],
)
def test_the_owner_has_them_tried_again(given: Tables, text: str, on_trial: bool) -> None:
    machine = at_home()
    machine.start(AWAY)
    machine.ends(TrialEnd.FAILED)
    assert machine.start(given, text).on_trial == on_trial


def test_the_owner_goes_back_and_then_tries_once_more() -> None:
    machine = at_home()
    machine.start(AWAY)
    machine.ends(TrialEnd.FAILED)
    assert machine.start(HOME).record == KeptNetwork(HOME)
    choice = machine.start(AWAY)
    assert choice.on_trial and choice.tables == AWAY


def test_a_change_in_mid_trial_keeps_the_last_that_worked() -> None:
    machine = at_home()
    machine.start(AWAY)
    other: Tables = {"wired": {"addresses": ["10.1.1.1/24"]}}
    assert machine.start(other).on_trial
    machine.ends(TrialEnd.FAILED)
    assert machine.start(other).tables == HOME


def test_one_more_network_needs_no_trial_and_comes_back_later() -> None:
    machine = Machine()
    assert not machine.start({"wifi": {"networks": [ONE]}}).on_trial
    assert not machine.start({"wifi": {"networks": [TWO, ONE]}}).on_trial
    changed: Tables = {"wifi": {"networks": [{"ssid": "One", "password": "mistyped"}]}}
    assert machine.start(changed).on_trial
    machine.ends(TrialEnd.FAILED)
    found = machine.start(changed).tables["wifi"]["networks"]
    assert found == [*changed["wifi"]["networks"], TWO, ONE]


def test_of_two_sections_the_one_that_did_not_change_stays() -> None:
    wifi = {"wifi": {"networks": [ONE]}}
    assert returned(HOME | wifi, AWAY | wifi) == HOME | wifi
    machine = Machine(KeptNetwork(HOME | wifi))
    machine.start(AWAY | wifi)
    machine.ends(TrialEnd.FAILED)
    assert machine.start(AWAY | wifi).came_back == ("wired",)


def test_the_country_that_worked_comes_back() -> None:
    back = returned({"wifi": {"country": "DE"}}, {"wifi": {"country": "US", "networks": [ONE]}})
    assert back == {"wifi": {"country": "DE", "networks": [ONE]}}
