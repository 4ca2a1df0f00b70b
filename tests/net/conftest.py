# SPDX-License-Identifier: MIT
"""Fixtures for tests in network namespaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import missing
from tests.net import namespaces
from tests.net.namespaces import Network, Sniffer


@pytest.fixture
def network() -> Iterator[Network]:
    """Return a router and a sensor, joined by a cable; the sensor has the interface tzsp0."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        missing("network namespaces need root and ip(8)")
    with namespaces.network() as made:
        yield made


@pytest.fixture
def sniffer(network: Network) -> Iterator[Sniffer]:
    """Return a sniffer on the sniffing interface."""
    made = network.sniffer()
    yield made
    made.close()
