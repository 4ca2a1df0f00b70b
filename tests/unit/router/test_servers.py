# SPDX-License-Identifier: MIT
"""Update servers are learnt of the router, and whatever it says does no harm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from appliance.router import api, servers
from appliance.router.api import Connection
from appliance.router.servers import NAMES, UpdateServers
from appliance.router.wire import ApiAddress
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer

PATIENCE_S = 60.0


@pytest.fixture
def connection(plain_api: ApiServer) -> Iterator[Connection]:
    place = ApiAddress("127.0.0.1", plain_api.port, tls=False)
    with api.connect(place, "admin", "secret") as made:
        yield made


def asked(found: UpdateServers, connection: Connection) -> None:
    """Let it ask for all names once."""
    found.work(connection)
    end = time.monotonic() + PATIENCE_S
    while found._left or found._asked:
        assert time.monotonic() < end
        found.work(connection)
        connection.events(0.01)


def test_addresses_are_learnt_and_forgotten(machine: Machine, connection: Connection) -> None:
    now = [0.0]
    found = UpdateServers(lambda: now[0])
    machine.names = {NAMES[0]: "159.148.147.251", NAMES[2]: "2a02:610:7501::1"}
    asked(found, connection)
    assert found.addresses() == (ip_address("159.148.147.251"), ip_address("2a02:610:7501::1"))
    machine.names = {NAMES[0]: "159.148.172.226"}
    now[0] += servers.EVERY_S
    asked(found, connection)
    assert len(found.addresses()) == 3
    now[0] += servers.KEPT_S
    assert found.addresses() == ()


@pytest.mark.parametrize("said", ["", "failure: dns server failure", "\x1b[2J", "1.2.3.4/8" * 99])
def test_what_is_no_address_is_none(machine: Machine, connection: Connection, said: str) -> None:
    machine.names = dict.fromkeys(NAMES, said)
    found = UpdateServers()
    asked(found, connection)
    assert found.addresses() == ()


def test_nobody_waits_for_ever(plain_api: ApiServer, connection: Connection) -> None:
    now = [0.0]
    found = UpdateServers(lambda: now[0])
    plain_api.silent = True
    found.work(connection)
    found.work(connection)
    assert found._asked is not None
    now[0] += servers.PATIENCE_S
    found.work(connection)
    assert found._asked is None and found.addresses() == ()
