# SPDX-License-Identifier: MIT
"""A router that is set up, and what keeps its list."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from appliance.blocking.book import Book
from appliance.blocking.enforce import RouterTask
from appliance.blocking.register import Register
from appliance.host import clocks
from appliance.router import plan
from appliance.router.keeping import Keeping
from appliance.router.plan import Wanted
from appliance.service import Stop
from appliance.settings.sections.block import BlockConfig
from appliance.settings.sections.router import RouterEntry
from tests.routeros import server, terminal
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer
from tests.unit.blocking.test_judge import HANDSHAKES, alert
from tests.unit.router.test_verify import LISTS
from tests.unit.web.conftest import app as app
from tests.unit.web.conftest import cheap_scrypt as cheap_scrypt
from tests.unit.web.conftest import client as client
from tests.unit.web.conftest import stranger as stranger

PATIENCE_S = 60.0
FIRST, SECOND = "45.66.77.88", "45.66.77.89"
FIRST_NETWORK, SECOND_NETWORK = ip_network(FIRST), ip_network(SECOND)
LIST = "/ip/firewall/address-list"


def until(condition: Callable[[], object], what: str = "", seconds: float = PATIENCE_S) -> None:
    """Wait until something is so; on a busy machine that takes long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what or "it did not come to be"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at what is wanted more often than a router needs."""
    monkeypatch.setattr("appliance.blocking.enforce.TICK_S", 0.02)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server.certificate(tmp_path_factory.mktemp("certificate"))


class Home:
    """A router with its API over TLS, set up for us, and what is kept of it."""

    def __init__(self, folder: Path, machine: Machine, api: ApiServer, certificate: Path) -> None:
        self.folder, self.machine, self.api = folder, machine, api
        self.entry = RouterEntry("home", ip_address("127.0.0.1"), "mangle", port=api.port)
        self.keeping = Keeping("home", folder)
        secret = self.keeping.made_secret()
        # It has been up for long: only then a restart is one.
        machine.booted -= 1000
        terminal.paste(machine, LISTS)
        wanted = Wanted(self.entry, ip_address("127.0.0.1"), secret.password)
        terminal.paste(machine, plan.script(plan.steps(wanted)))
        self.keeping.set_pin(server.pin(certificate))
        self.book = Book(folder / "blocks.db")
        settings = BlockConfig(mode="on", per_hour=1000, most=10_000)
        self.register = Register(settings, self.book, [], time.time, clocks.boottime)
        self.register.handshakes = HANDSHAKES

    def rows(self, family: str = "ip") -> list[str]:
        """Return what the router blocks, as it shows it."""
        with self.machine.lock:
            return [row["address"] for row in self.machine.rows(f"/{family}/firewall/address-list")]


@pytest.fixture
def home(shared_data: Path, tmp_path: Path, certificate: Path) -> Iterator[Home]:
    machine = Machine("7.22.1")
    with server.serving(machine, certificate) as api:
        made = Home(tmp_path, machine, api, certificate)
        yield made
        made.book.close()


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def task(home: Home, stop: Stop) -> Iterator[RouterTask]:
    """Return what keeps the router, running."""
    made = RouterTask(home.entry, home.keeping, home.register)
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    yield made
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def attack(home: Home, *sources: str) -> None:
    """Let these attack somebody inside."""
    for source in sources:
        home.register.alert(alert(source=source, destination="192.168.88.20"))
