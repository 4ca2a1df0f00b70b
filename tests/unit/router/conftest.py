# SPDX-License-Identifier: MIT
"""Routers that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.routeros import server
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer
from tests.unit.web.conftest import cheap_scrypt as cheap_scrypt


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a router's certificate and its key."""
    return server.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def machine(shared_data: Path) -> Machine:
    """Return a router as it leaves the factory, with RouterOS 7.22.1."""
    return Machine()


@pytest.fixture
def plain_api(machine: Machine) -> Iterator[ApiServer]:
    """Return its API without TLS."""
    with server.serving(machine) as running:
        yield running


@pytest.fixture
def api(machine: Machine, certificate: Path) -> Iterator[ApiServer]:
    """Return its API over TLS."""
    with server.serving(machine, certificate) as running:
        yield running
