# SPDX-License-Identifier: MIT
"""From a stored alert to a row on the router, and what the owner asks meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from appliance.alerts.store import AlertReader, AlertStore
from appliance.blocking import service, wishes
from appliance.blocking.book import Book
from appliance.blocking.enforce import RouterTask
from appliance.blocking.handshakes import Handshakes
from appliance.blocking.service import Blocking, own_networks
from appliance.blocking.wishes import Wish, WishKind
from appliance.ids.alert import Alert
from appliance.ids.rules import Key
from appliance.reports.answers import AnswersReport
from appliance.reports.blocking import BlockingReport
from appliance.service import Stop
from appliance.settings.config import Config
from appliance.settings.sections.block import BlockConfig
from appliance.settings.sections.ids import IdsConfig
from appliance.settings.sections.router import RouterConfig, RouterEntry
from appliance.store.database import StoreError
from tests.unit.blocking.conftest import Home, until
from tests.unit.blocking.test_judge import ATTACKER, HANDSHAKES, alert


class _Known(Handshakes):
    def now(self) -> frozenset[Key]:
        return HANDSHAKES


class Sensor:
    """The service over a store, a router and an inbox."""

    def __init__(self, home: Home, store: AlertStore, folder: Path) -> None:
        self.home, self.store, self.stop = home, store, Stop()
        self.inbox = wishes.inbox(folder / "requests")
        self.inbox.folder.mkdir()
        task = RouterTask(home.entry, home.keeping, home.register)
        settings = Config(block=BlockConfig(mode="on"), router=RouterConfig((home.entry,)))
        reader = AlertReader(folder / "alerts.db")
        self.blocking = Blocking(settings, home.register, reader, self.inbox, [task],
                                 home.folder, 0, _Known())  # fmt: skip
        self.thread = threading.Thread(target=task.run, args=(self.stop,))
        self.told = AnswersReport(())

    def until(self, condition: Callable[[], object]) -> None:
        """Step as the service does, in the thread that made the book, until something is so."""

        def stepped() -> object:
            self.blocking.step()
            return condition()

        until(stepped)

    def attack(self, source: str = ATTACKER) -> None:
        found: Alert = alert(source=source)
        self.store.add([found], {}, 1000)

    def shown(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(each.network, each.routers) for each in self.blocking.report().blocked]


@pytest.fixture
def sensor(home: Home, store: AlertStore, tmp_path: Path) -> Iterator[Sensor]:
    made = Sensor(home, store, tmp_path)
    made.thread.start()
    until(lambda: made.blocking.tasks[0].state.reached)
    yield made
    made.stop.set()
    made.thread.join(60)


def test_an_alert_is_a_row_with_proof(sensor: Sensor) -> None:
    sensor.home.machine.connection(f"{ATTACKER}:1", "192.168.88.20:22")
    sensor.attack()
    sensor.until(lambda: sensor.shown() == [(f"{ATTACKER}/32", ("home",))])
    report = sensor.blocking.report()
    assert report.blocked[0].cut == 1 and report.position == 1 and report.error == ""
    assert sensor.home.rows() == [ATTACKER]


def test_alerts_of_before_are_no_news(sensor: Sensor) -> None:
    sensor.attack("45.1.2.3")
    sensor.blocking.position = None
    sensor.blocking.step()
    assert sensor.blocking.position == 1
    sensor.attack()
    sensor.until(lambda: sensor.home.rows() == [ATTACKER])


def test_what_is_wrong_with_alerts_that_were_never_read_is_told(
    sensor: Sensor, tmp_path: Path
) -> None:
    sensor.blocking.position, sensor.blocking.reader = None, AlertReader(tmp_path / "none.db", 0.1)
    sensor.blocking.step()
    report = sensor.blocking.report()
    report.publish(tmp_path)
    assert BlockingReport.require(tmp_path) == report
    assert report.position is None and "not there yet" in report.error


def test_what_a_full_disk_refused_is_done_later(
    sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Book, network: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Book, "add_never", full)
        sensor.inbox.post(Wish(WishKind.NEVER, f"{ATTACKER}/32"))
        sensor.until(lambda: sensor.blocking.error)
    sensor.until(lambda: sensor.blocking.report().never == (f"{ATTACKER}/32",))
    assert sensor.blocking.error == ""


def test_where_the_owner_is_is_safe(sensor: Sensor) -> None:
    sensor.inbox.post(Wish(WishKind.OWNER, ATTACKER))
    sensor.blocking.step()
    sensor.attack()
    sensor.until(lambda: sensor.blocking.report().spared)
    assert sensor.home.rows() == []


def test_the_owner_blocks_lifts_and_spares(sensor: Sensor) -> None:
    sensor.inbox.post(Wish(WishKind.BLOCK, "45.1.1.1/32", 600.0))
    sensor.attack()
    sensor.until(lambda: sorted(sensor.home.rows()) == ["45.1.1.1", ATTACKER])
    sensor.inbox.post(Wish(WishKind.NEVER, f"{ATTACKER}/32"))
    sensor.until(lambda: sensor.home.rows() == ["45.1.1.1"])
    sensor.attack()
    sensor.until(lambda: sensor.blocking.report().spared)
    sensor.inbox.post(Wish(WishKind.AGAIN, ATTACKER))
    sensor.until(lambda: sensor.blocking.report().never == ())
    sensor.inbox.post(Wish(WishKind.LIFT, "all"))
    sensor.until(lambda: sensor.home.rows() == [])


def test_wishes_that_nobody_may_have_are_refused(sensor: Sensor) -> None:
    sensor.inbox.post(Wish(WishKind.BLOCK, "192.168.1.1/32", 600.0))
    sensor.inbox.post(Wish(WishKind.BLOCK, "junk", 600.0))
    sensor.inbox.post(Wish(WishKind.TRUST, "home", certificate="junk"))
    sensor.inbox.post(Wish(WishKind.RETRY, "../../etc"))
    sensor.attack()
    sensor.until(lambda: sensor.home.rows() == [ATTACKER])


def test_the_owner_asks_and_nothing_is_changed(sensor: Sensor) -> None:
    def answered() -> object:
        sensor.told = sensor.blocking.answers() or sensor.told
        return sensor.told.answers

    sensor.inbox.post(Wish(WishKind.ASK, "all", command="/system reboot"))
    sensor.inbox.post(Wish(WishKind.ASK, "nobody", command="/log print"))
    sensor.inbox.post(Wish(WishKind.ASK, "home", command="/system identity print"))
    sensor.until(answered)
    (answer,) = sensor.told.answers
    assert answer.command == "/system identity print" and "MikroTik" in answer.lines[0]
    assert sensor.blocking.answers() is None
    asked = [w[1] for _, w in list(sensor.home.api.transcript) if w[0] == "/execute"]
    assert "=script=/system reboot" not in asked


def test_a_store_that_is_away_is_told_and_ends_nothing(tmp_path: Path, home: Home) -> None:
    (tmp_path / "requests").mkdir()
    blocking = Blocking(Config(), home.register, AlertReader(tmp_path / "none.db"),
                        wishes.inbox(tmp_path / "requests"), [], home.folder, 0)  # fmt: skip
    assert not blocking.step()
    assert "not there" in blocking.report().error


def test_everything_of_the_owners_is_safe_from_the_beginning() -> None:
    router = RouterEntry("home", ip_address("81.2.69.142"))
    settings = replace(
        Config(),
        ids=IdsConfig(engine="snort", home_networks=(ip_network("81.2.70.0/24"),)),
        router=RouterConfig((router,)),
        block=BlockConfig(safe=(ip_network("45.0.0.0/8"),)),
    )
    found = {str(each.network): each.inside for each in own_networks(settings)}
    assert found["81.2.69.142/32"] and found["81.2.70.0/24"] and not found["45.0.0.0/8"]


def test_without_routers_it_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.settings.config.load", lambda: (Config(), []))
    assert service.main(["--book", str(tmp_path / "blocks.db")]) == 0
    assert list(tmp_path.iterdir()) == []
