# SPDX-License-Identifier: MIT
"""NTP servers named by DHCP, and a real chronyd that takes them and the time from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.clock import timeservers
from tests.conftest import PROJECT
from tests.net.kit import Segment
from tests.net.namespaces import wait_until
from tests.net.timeserver import SERVING, Chronyd

pytestmark = pytest.mark.net

ROUTER, OTHER = "192.168.88.1", "192.168.88.2"
UNIT = PROJECT / "systemd/system/glovebox-clock-servers.service"
RELOAD = "ExecStart=/usr/bin/chronyc -h /run/chrony/chronyd.sock reload sources"


@pytest.fixture
def home() -> Iterator[Segment]:
    """Return a network with two NTP servers."""
    made = Segment()
    for name, address in (("router", ROUTER), ("other", OTHER)):
        Chronyd(made, made.station(name, f"{address}/24"), SERVING)
    yield made
    made.close()


def test_chrony_takes_the_servers_of_the_lease(home: Segment, tmp_path: Path) -> None:
    """As the unit does: files for chrony, then its own command."""
    assert RELOAD in UNIT.read_text()
    box = Chronyd(home, home.station("box", "192.168.88.100/24"), "")
    lease = tmp_path / "2"
    assert box.asks() == []

    lease.write_text(f"ADDRESS=192.168.88.100\nNTP={ROUTER}\n")
    timeservers.write(tmp_path, box.sources)
    box.chronyc("reload", "sources")
    wait_until(lambda: box.believes() == [ROUTER], "the time of the router")

    lease.write_text(f"NTP={OTHER} {ROUTER} 0.0.0.0 evil;makestep\n")
    timeservers.write(tmp_path, box.sources)
    box.chronyc("reload", "sources")
    assert sorted(box.asks()) == [ROUTER, OTHER]
    # Who was asked already goes on being asked.
    assert ROUTER in box.believes()

    lease.unlink()
    timeservers.write(tmp_path, box.sources)
    box.chronyc("reload", "sources")
    assert box.asks() == []


def test_chrony_reads_them_at_its_start(home: Segment, tmp_path: Path) -> None:
    (tmp_path / "2").write_text(f"NTP={ROUTER}\n")
    found = timeservers.write(tmp_path, tmp_path)["2"]
    box = Chronyd(home, home.station("box", "192.168.88.100/24"), f"sourcedir {tmp_path}\n")
    assert box.asks() == list(map(str, found))
