# SPDX-License-Identifier: MIT
"""One connection to a router is kept, and none is made in vain."""

from __future__ import annotations

import threading

import pytest

from appliance.blocking import enforce
from appliance.blocking.enforce import RouterTask
from appliance.router.picture import Picture
from appliance.router.servers import NAMES
from appliance.service import Stop
from tests.unit.blocking.conftest import (
    FIRST,
    FIRST_NETWORK,
    SECOND,
    SECOND_NETWORK,
    Home,
    attack,
    until,
)


@pytest.mark.slow
def test_a_lost_connection_is_made_again_once(home: Home, task: RouterTask) -> None:
    attack(home, FIRST)
    until(lambda: len(task.proved) == 1)
    logins = home.machine.logins
    home.api.cut()
    until(lambda: not task.state.reached)
    attack(home, SECOND)
    until(lambda: len(task.proved) == 2)
    assert home.rows() == [FIRST, SECOND]
    assert home.machine.logins == logins + 1


@pytest.mark.slow
def test_a_user_with_too_few_rights_is_told_and_no_storm_follows(home: Home, stop: Stop) -> None:
    with home.machine.lock:
        group = next(r for r in home.machine.rows("/user/group") if r["name"] == "glovebox")
        group["policy"] = "api"
    task = RouterTask(home.entry, home.keeping, home.register)
    thread = threading.Thread(target=task.run, args=(stop,))
    thread.start()
    until(lambda: home.machine.logins >= 2 and not task.state.reached)
    # Each time it waits twice as long: it was not taken for a success.
    assert task._backoff._next >= 2.0
    until(lambda: "rights" in task.state.words)
    stop.set()
    thread.join(60)


def test_a_router_whose_reading_hangs_keeps_no_other_waiting_for_long(
    home: Home, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforce, "TURN_S", 0.1)
    task = RouterTask(home.entry, home.keeping, home.register)
    thread = threading.Thread(target=task.run, args=(stop,))
    with enforce.READING:
        thread.start()
        attack(home, FIRST)
        until(lambda: FIRST_NETWORK in task.proved)
        stop.set()
        thread.join(60)
    # Whoever did not wait for his turn leaves no other behind.
    with enforce.READING:
        assert not enforce.READING.acquire(blocking=False)


def test_a_router_that_does_not_say_for_how_long_it_runs_has_not_restarted(
    home: Home, task: RouterTask
) -> None:
    attack(home, FIRST)
    until(lambda: len(task.proved) == 1)
    nothing = Picture({})
    assert not task._note_boot(nothing) and not task._note_boot(nothing)
    assert task.proved


@pytest.mark.parametrize("what", ["password", "certificate"])
def test_nobody_tries_again_what_was_refused(home: Home, stop: Stop, what: str) -> None:
    if what == "password":
        home.machine.users["glovebox"] = "another"
    else:
        home.keeping.set_pin("ab" * 32)
    task = RouterTask(home.entry, home.keeping, home.register)
    thread = threading.Thread(target=task.run, args=(stop,))
    thread.start()
    until(lambda: task._backoff.stopped)
    assert not task.state.reached
    assert home.machine.logins == (1 if what == "password" else 0)
    if what == "password":
        home.machine.users["glovebox"] = home.keeping.made_secret().password
        task.retry()
        until(lambda: task.state.reached)
        assert home.machine.logins == 2
    stop.set()
    thread.join(60)


def test_an_unknown_certificate_is_shown_and_nothing_sent(home: Home, stop: Stop) -> None:
    (home.keeping.folder / "pin.json").unlink()
    task = RouterTask(home.entry, home.keeping, home.register)
    thread = threading.Thread(target=task.run, args=(stop,))
    thread.start()
    until(lambda: task.state.certificate)
    assert home.api.transcript == []
    home.keeping.set_pin(task.state.certificate)
    task.retry()
    until(lambda: task.state.reached and not task.state.certificate)
    stop.set()
    thread.join(60)


def test_what_the_router_is_like_is_told(home: Home, task: RouterTask) -> None:
    until(lambda: task.state.version == "7.22.1" and task.state.points)
    assert [point.text for point in task.state.points] == ["The router is set up."]
    assert task.state.board == "RB5009UG+S+" and task.state.cpu == 7


def test_update_servers_are_never_blocked(home: Home, stop: Stop) -> None:
    home.machine.names = dict.fromkeys(NAMES, FIRST)
    attack(home, FIRST, SECOND)
    task = RouterTask(home.entry, home.keeping, home.register)
    thread = threading.Thread(target=task.run, args=(stop,))
    thread.start()
    until(lambda: SECOND_NETWORK in task.proved and task._servers.addresses())
    task._looked = enforce.NEVER
    until(lambda: set(task.proved) == {SECOND_NETWORK})
    assert home.rows() == [SECOND]
    stop.set()
    thread.join(60)
