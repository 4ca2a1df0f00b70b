# SPDX-License-Identifier: MIT
"""A router's configuration is read each hour and after a change; what is kept is whole and real."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.changes import watch
from appliance.changes.versions import VersionReader
from appliance.changes.watch import ChangeWatch
from appliance.router import api
from appliance.router.api import Connection
from appliance.router.wire import ApiAddress
from tests.routeros import terminal
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer

PATIENCE_S = 60.0
RULE = '/ip/firewall/filter add chain=input action=drop comment="{}"'


class Router:
    """A router, what watches it, and the watch's clock."""

    def __init__(self, machine: Machine, api: ApiServer, connection: Connection, path: Path):
        self.machine, self.api, self.connection, self.path = machine, api, connection, path
        self.now = 1000.0
        self.watch = ChangeWatch("home", path, lambda: self.now)
        self.tag = self.watch.watch(connection)

    def change(self, text: str, user: str = "admin") -> None:
        assert terminal.paste(self.machine, text, user) == []
        # What is answered behind the line of the log shows that it came.
        self.connection.rows("/system/identity")
        for tag, row in self.connection.events(0.001):
            assert tag == self.tag
            self.watch.told(row)

    def asked(self) -> bool:
        return self.watch._asked is not None

    def work(self) -> None:
        """Let it do what is due, and wait for an export that was begun."""
        self.watch.work(self.connection)
        end = time.monotonic() + PATIENCE_S
        while self.asked():
            assert time.monotonic() < end
            self.connection.events(0.01)
            self.watch.work(self.connection)

    def whos(self) -> list[str]:
        return [each.who for each in VersionReader(self.path).versions(99)]


@pytest.fixture
def router(machine: Machine, plain_api: ApiServer, tmp_path: Path) -> Iterator[Router]:
    place = ApiAddress("127.0.0.1", plain_api.port, tls=False)
    with api.connect(place, "admin", "secret") as connection:
        made = Router(machine, plain_api, connection, tmp_path / "history.db")
        made.work()
        yield made


def test_the_first_is_kept_and_nothing_more_until_something_changes(router: Router) -> None:
    for _ in range(48):
        router.now += watch.EVERY_S
        router.work()
    assert router.whos() == [""] and router.watch.versions == 1


def test_a_change_is_seen_soon_with_who_did_it_and_from_where(router: Router) -> None:
    router.machine.say("system,info,account", "user eva logged in from 192.168.88.5 via winbox")
    router.machine.say("system,info", "filter rule added by eva")
    router.change(RULE.format("one"))
    router.work()
    assert router.whos() == [""]
    router.now += watch.QUIET_S + watch.APART_S
    router.work()
    assert router.whos() == ["eva from 192.168.88.5 with winbox, admin", ""]
    newest = VersionReader(router.path).versions(1)[0]
    assert newest.said == ("filter rule added by eva", "item added by admin")


def test_what_no_log_told_is_found_within_the_hour(router: Router) -> None:
    router.machine.watchers.clear()
    router.change(RULE.format("one"))
    router.now += watch.EVERY_S
    router.work()
    assert router.whos() == [watch.NOBODY, ""]


def test_whoever_changes_much_is_waited_for_but_not_for_ever(router: Router) -> None:
    for number in range(12):
        router.change(RULE.format(number))
        router.now += watch.QUIET_S - 1
        router.work()
    assert router.whos() == ["admin", ""]


def test_a_log_that_names_ever_others_takes_no_more_memory(router: Router) -> None:
    for number in range(1000):
        router.watch.told({"message": f"filter rule changed by winbox:user{number}@192.0.2.1 (x)"})
    seen = router.watch._seen
    assert len(seen.hands) == len(seen.said) == watch.MOST_SAID


def test_what_we_do_ourselves_is_no_news(router: Router) -> None:
    router.machine.say("system,info", "address list entry added by api:glovebox@127.0.0.1")
    router.change("")
    router.now += watch.PATIENCE_S
    assert not router.watch._is_time(router.now)


@pytest.mark.parametrize("end", [100, -1, 0])
def test_half_an_export_is_not_kept(router: Router, end: int) -> None:
    router.api.spoil = lambda text: f"{text[:end]}"
    router.change(RULE.format("one"))
    router.now += watch.EVERY_S
    router.work()
    assert router.whos() == [""] and "not complete" in router.watch.trouble
    router.api.spoil = str
    router.now += watch.EVERY_S
    router.work()
    assert router.whos() == ["admin", ""] and not router.watch.trouble


def test_what_has_lost_its_half_is_believed_the_second_time(router: Router) -> None:
    router.api.spoil = lambda text: "".join(text.splitlines(keepends=True)[:2])
    router.now += watch.EVERY_S
    router.work()
    assert router.whos() == [""] and "half" in router.watch.trouble
    router.now += watch.PATIENCE_S
    router.work()
    assert len(router.whos()) == 2 and not router.watch.trouble


def test_a_passing_loss_is_no_change(router: Router) -> None:
    router.api.spoil = lambda text: "".join(text.splitlines(keepends=True)[:2])
    router.now += watch.EVERY_S
    router.work()
    router.api.spoil = str
    for _ in range(3):
        router.now += watch.EVERY_S
        router.work()
    assert router.whos() == [""]


def test_a_router_that_refuses_is_told_and_asked_again_next_hour(router: Router) -> None:
    group = next(r for r in router.machine.rows("/user/group") if r["name"] == "full")
    group["policy"] = "api,read"
    router.now += watch.EVERY_S
    router.work()
    assert "does not export" in router.watch.trouble and router.whos() == [""]
    router.watch.work(router.connection)
    assert not router.asked()


def test_an_export_that_does_not_come_is_given_up(router: Router) -> None:
    router.now += watch.EVERY_S
    router.api.silent = True
    router.watch.work(router.connection)
    assert router.asked()
    router.now += watch.EXPORT_S + 1
    router.watch.work(router.connection)
    assert not router.asked() and "in time" in router.watch.trouble


def test_no_secret_is_kept(router: Router) -> None:
    router.change('/system/script add name=x source=":local password \\"tell-nobody\\""')
    router.machine.say("system,info", "item changed by admin (/x set password=tell-nobody)")
    router.change("")
    router.now += watch.EVERY_S
    router.work()
    assert len(router.whos()) == 2
    version = VersionReader(router.path).versions(1)[0]
    texts = VersionReader(router.path).texts(version.id)
    assert texts and "tell-nobody" not in texts[1] and ":local password" in texts[1]
    assert version.said and "tell-nobody" not in "".join(version.said)


def test_a_store_that_cannot_be_written_is_told(
    machine: Machine, plain_api: ApiServer, tmp_path: Path
) -> None:
    place = ApiAddress("127.0.0.1", plain_api.port, tls=False)
    with api.connect(place, "admin", "secret") as connection:
        made = Router(machine, plain_api, connection, tmp_path / "away" / "history.db")
        made.work()
        assert "cannot be stored" in made.watch.trouble
