# SPDX-License-Identifier: MIT
"""What no host would accept hides nothing from real engines, and neither does a crowd.

Each case is a connection of its own in one capture: to start an engine takes longer than to read.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from appliance.ids import perfmonitor, snort
from appliance.ids.alert import Alert
from appliance.ids.unified2 import Event
from appliance.reports.checksums import ChecksumsReport
from tests.connections import (
    ATTACK_SID,
    CASES,
    CROWD,
    FLOOD_SID,
    IN_CROWD,
    INVENTOR,
    PORT,
    RST,
    SYN,
    Side,
    cases,
    crowd,
)
from tests.net.engine import Engine, inject
from tests.net.namespaces import Network, wait_until
from tests.net.suricata import Suricata
from tests.pcapfile import pcap

DATA_AFTER_RESET = (129, 8)


def write(file: Path, *frames: bytes) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(pcap(*frames, times_us=tuple(range(0, 100 * len(frames), 100))))
    return file


@pytest.fixture
def connections(tmp_path: Path) -> Path:
    """Return a capture of one connection for each case."""
    return write(tmp_path / "captures/cases.pcap", *cases())


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """Return a capture of a crowd of invented connections between two true ones."""
    return write(tmp_path / "captures/crowd.pcap", *crowd())


@pytest.fixture(params=["snort", "suricata"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Return one after the other engine, not configured."""
    if request.param == "snort":
        return Engine(request.getfixturevalue("engine_root"), tmp_path / "run", None)
    return Suricata(request.getfixturevalue("suricata_root"), tmp_path / "run", None)


def alerts(engine: Engine, capture: Path) -> Sequence[Event] | Sequence[Alert]:
    """Return what the engine raises when it reads a capture."""
    return (engine.alerts_of if isinstance(engine, Suricata) else engine.read_file)(capture)


def places(told: Sequence[Event] | Sequence[Alert]) -> set[int]:
    """Return in which connections the attack was seen: 0 is the one from PORT."""
    return {(alert.source_port or 0) - PORT for alert in told if alert.sid == ATTACK_SID}


def found(engine: Engine, capture: Path) -> set[int]:
    """Return in which connections the engine sees the attack."""
    return places(alerts(engine, capture))


@pytest.mark.snort
@pytest.mark.suricata
def test_what_no_host_would_accept_hides_nothing(engine: Engine, connections: Path) -> None:
    engine.configure()
    assert found(engine, connections) == set(range(len(CASES)))


@pytest.mark.snort
@pytest.mark.suricata
def test_where_most_checksums_are_wrong_they_say_nothing(engine: Engine, connections: Path) -> None:
    engine.measured = ChecksumsReport(ignored=True)
    engine.configure()
    seen = found(engine, connections)
    assert {CASES.index("none"), CASES.index("stale reset")} <= seen
    assert CASES.index("forged reset") not in seen


@pytest.mark.snort
@pytest.mark.suricata
def test_a_crowd_of_invented_connections_hides_none(engine: Engine, crowded: Path) -> None:
    engine.configure()
    told = alerts(engine, crowded)
    assert places(told) == set(IN_CROWD)
    assert [each.source for each in told if each.sid == FLOOD_SID] == [INVENTOR]


@pytest.mark.snort
def test_a_reset_that_hides_an_attack_is_told(engine_root: Path, tmp_path: Path) -> None:
    """With the right checksum and number it is like a true one, until the client goes on."""
    engine = Engine(engine_root, tmp_path / "run", None)
    engine.configure()
    client = Side(PORT)
    frames = [*client.opened(), client.frame(RST, 1, 0), *client.attacked()]
    capture = write(tmp_path / "captures/reset.pcap", *frames)
    assert {(event.gid, event.sid) for event in engine.read_file(capture)} == {DATA_AFTER_RESET}


@pytest.fixture
def live_snort(network: Network, engine_root: Path, tmp_path: Path) -> Iterator[Engine]:
    """Return Snort, started, on a sensor's interface."""
    made = Engine(engine_root, tmp_path / "run", network)
    made.configure()
    made.start()
    yield made
    made.stop(signal.SIGKILL)


@pytest.mark.net
@pytest.mark.snort
def test_what_a_crowd_makes_snort_forget_is_counted(live_snort: Engine, network: Network) -> None:
    """It counts with the first frame that comes two seconds after it last counted."""
    invented = [Side(1024 + number).frame(SYN, 0, 0) for number in range(CROWD)]
    inject(network, invented, pace=10_000)
    expected = CROWD - perfmonitor.ROOM

    def forgotten() -> int:
        inject(network, [b"\xff" * 60])
        count = snort.count(live_snort.spool)
        return count.forgotten if count is not None and count.crowded else 0

    wait_until(lambda: forgotten() > 0.9 * expected, "what was given up")
    assert forgotten() < 1.1 * expected
