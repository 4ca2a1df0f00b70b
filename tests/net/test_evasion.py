# SPDX-License-Identifier: MIT
"""What no host would accept hides nothing from real engines, and neither does a crowd.

Each case is a connection of its own in one capture: to start an engine takes longer than to read.
"""

from __future__ import annotations

import signal
import struct
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from itertools import chain
from pathlib import Path

import pytest

from appliance.ids import perfmonitor, snort
from appliance.ids.alert import Alert
from appliance.ids.unified2 import Event
from appliance.reports.checksums import ChecksumsReport
from tests.frames import tcp_frame
from tests.net.engine import Engine, inject
from tests.net.namespaces import Network, wait_until
from tests.net.suricata import Suricata
from tests.pcapfile import pcap

HTTP = 80
CLIENT, SERVER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
SYN, RST, ACK, RST_ACK, PUSH_ACK, SYN_ACK = 0x02, 0x04, 0x10, 0x14, 0x18, 0x12
REQUEST = b"GET /the-attack HTTP/1.1\r\nHost: a\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CUT = 9  # so that only who puts the stream together finds it
SID = 1_001_001
RULE = (
    'alert tcp any any -> any 80 (msg:"attack"; flow:established,to_server;'
    f' content:"GET /the-attack"; sid:{SID};)\n'
)
CROWD, INVENTOR = 40_000, "198.51.100.1"
# Ours, for who opens more than a hundred a second.
FLOOD_SID = 1_000_160
DATA_AFTER_RESET = (129, 8)
PORT = 30_000
CASES = ("none", "forged reset", "forged reset of the server", "forged bytes", "stale reset")


class Side:
    """One connection, from the client's port on; both sides begin at 1,000."""

    def __init__(self, port: int, client: bytes = CLIENT) -> None:
        self._port, self._client = port, client

    def frame(
        self, flags: int, sent: int, got: int, payload: bytes = b"", back: bool = False,
        forged: bool = False,
    ) -> bytes:  # fmt: skip
        """Build one frame, `sent` and `got` bytes into the connection; forged: a wrong sum."""
        ports = (HTTP, self._port) if back else (self._port, HTTP)
        source, destination = (SERVER, self._client) if back else (self._client, SERVER)
        places = 1000 + sent & 0xFFFFFFFF, 1000 + got if flags & ACK else 0
        segment = struct.pack("!HHIIBBHHH", *ports, *places, 5 << 4, flags, 64000, 0, 0) + payload
        return tcp_frame(source, destination, segment, forged)

    def opened(self) -> list[bytes]:
        """Return the three frames that open it."""
        return [
            self.frame(SYN, 0, 0),
            self.frame(SYN_ACK, 0, 1, back=True),
            self.frame(ACK, 1, 1),
        ]

    def attacked(self) -> list[bytes]:
        """Return the attack in two pieces, and the answer to it."""
        return [
            self.frame(PUSH_ACK, 1, 1, REQUEST[:CUT]),
            self.frame(ACK, 1, 1 + CUT, back=True),
            self.frame(PUSH_ACK, 1 + CUT, 1, REQUEST[CUT:]),
            self.frame(PUSH_ACK, 1, 1 + len(REQUEST), ANSWER, back=True),
        ]

    def disturbed(self, case: str) -> list[bytes]:
        """Return it whole, with what is to hide the attack before that."""
        between = {
            "none": [],
            "forged reset": [self.frame(RST, 1, 0, forged=True)],
            "forged reset of the server": [self.frame(RST_ACK, 1, 1, back=True, forged=True)],
            "forged bytes": [self.frame(PUSH_ACK, 1, 1, b"x" * len(REQUEST), forged=True)],
            "stale reset": [self.frame(RST, 1 + 0x7000000, 0)],
        }
        return self.opened() + between[case] + self.attacked()


def write(file: Path, *frames: bytes) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(pcap(*frames, times_us=tuple(range(0, 100 * len(frames), 100))))
    return file


@pytest.fixture
def connections(tmp_path: Path) -> Path:
    """Return a capture of one connection for each case, from PORT on."""
    each = [Side(PORT + number).disturbed(case) for number, case in enumerate(CASES)]
    return write(tmp_path / "captures/cases.pcap", *chain(*each))


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """Return a capture of a connection that rests while others are invented, and one after them."""
    before, after = Side(PORT), Side(PORT + 1)
    invented = (
        Side(1024 + number, IPv4Address(INVENTOR).packed).frame(SYN, 0, 0)
        for number in range(CROWD)
    )
    real = before.opened(), invented, before.attacked(), after.opened(), after.attacked()
    return write(tmp_path / "captures/crowd.pcap", *chain(*real))


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
    return {(alert.source_port or 0) - PORT for alert in told if alert.sid == SID}


def found(engine: Engine, capture: Path) -> set[int]:
    """Return in which connections the engine sees the attack."""
    return places(alerts(engine, capture))


@pytest.mark.snort
@pytest.mark.suricata
def test_what_no_host_would_accept_hides_nothing(engine: Engine, connections: Path) -> None:
    engine.configure(owner_rules=RULE)
    assert found(engine, connections) == set(range(len(CASES)))


@pytest.mark.snort
@pytest.mark.suricata
def test_where_most_checksums_are_wrong_they_say_nothing(engine: Engine, connections: Path) -> None:
    engine.measured = ChecksumsReport(ignored=True)
    engine.configure(owner_rules=RULE)
    seen = found(engine, connections)
    assert {CASES.index("none"), CASES.index("stale reset")} <= seen
    assert CASES.index("forged reset") not in seen


@pytest.mark.snort
@pytest.mark.suricata
def test_a_crowd_of_invented_connections_hides_none(engine: Engine, crowd: Path) -> None:
    engine.configure(owner_rules=RULE)
    told = alerts(engine, crowd)
    assert places(told) == {0, 1}
    assert [each.source for each in told if each.sid == FLOOD_SID] == [INVENTOR]


@pytest.mark.snort
def test_a_reset_that_hides_an_attack_is_told(engine_root: Path, tmp_path: Path) -> None:
    """With the right checksum and number it is like a true one, until the client goes on."""
    engine = Engine(engine_root, tmp_path / "run", None)
    engine.configure(owner_rules=RULE)
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
    inject(network, invented, pace=20_000)

    def counted() -> bool:
        inject(network, [b"\xff" * 60])
        count = snort.count(live_snort.spool)
        return count is not None and count.crowded and count.forgotten > 0

    wait_until(counted, "what was given up")
    count = snort.count(live_snort.spool)
    assert count is not None
    assert count.forgotten == pytest.approx(CROWD - perfmonitor.ROOM, rel=0.1)
