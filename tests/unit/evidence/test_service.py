# SPDX-License-Identifier: MIT
"""Alerts come, their packets are cut out, within all bounds; each alert is accounted for."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.alerts.store import AlertReader, AlertStore
from appliance.evidence import cutting, service, waiting_alerts
from appliance.evidence.kept_pcaps import PcapFolder
from appliance.evidence.packet_ring import PacketRing
from appliance.evidence.service import AGAIN_S, WAIT_S, EvidenceService, block_count
from appliance.ids.alert import Alert
from appliance.reports.alerts import EvidenceReport
from tests.conftest import need_root
from tests.frames import ethernet, ipv4, udp
from tests.net.namespaces import INTERFACE, Network
from tests.unit.evidence.test_packet_ring import send, wait_for
from tests.web.alerts import add, an_alert

DEADLINE_S = 60.0
ATTACK = ethernet(ipv4(udp(b"the packet that fired")))


def alert(**changes: object) -> Alert:
    values = {"source": "192.0.2.1", "destination": "192.0.2.2", "time_us": time.time_ns() // 1000}
    return an_alert(**{**values, **changes})


@pytest.fixture
def served(tmp_path: Path, store: AlertStore, network: Network) -> Iterator[EvidenceService]:
    for folder in ("memory", "card"):
        (tmp_path / folder).mkdir()
    made = EvidenceService(
        INTERFACE, AlertReader(tmp_path / "alerts.db"), PcapFolder(tmp_path / "memory", 1 << 20),
        PcapFolder(tmp_path / "card", 1 << 20, True, 1 << 20), 1.0,
    )  # fmt: skip
    with network.inside(network.sensor):
        made.ring = PacketRing(INTERFACE, 8, 1 << 16)
    made.turn(0.0)
    yield made
    made.close()


def balance(served: EvidenceService) -> None:
    found = served.report()
    became = found.cut + found.alike + found.late + found.held_back + found.waiting
    assert found.alerts == became


@pytest.mark.slow
def test_grave_ones_are_on_the_card_and_others_in_memory(
    served: EvidenceService, store: AlertStore, network: Network, tmp_path: Path
) -> None:
    send(network, ATTACK)
    assert served.ring is not None
    wait_for(served.ring, b"the packet that fired")
    add(store, [alert(priority=1), alert(priority=2, sid=7)])
    served.turn(10.0)
    assert not [*(tmp_path / "card").iterdir()], "what comes after the alert is there too"
    for moment in (10.0 + WAIT_S, 11.0 + WAIT_S):
        served.turn(moment)
    names = [cutting.name_of(each["id"], cutting.time_us_of(each["time"]))
             for each in AlertReader(tmp_path / "alerts.db").after(0, 9)]  # fmt: skip
    assert ATTACK in (tmp_path / "card" / f"{names[0]}.pcap").read_bytes()
    assert ATTACK in (tmp_path / "memory" / f"{names[1]}.pcap").read_bytes()
    assert (served.counts.cut, served.counts.saved) == (2, 1)
    balance(served)


@pytest.mark.slow
def test_alike_ones_are_cut_once_a_minute(
    served: EvidenceService, store: AlertStore, network: Network
) -> None:
    send(network, ATTACK)
    assert served.ring is not None
    wait_for(served.ring, b"the packet that fired")
    add(store, [alert()] * 5)
    served.turn(10.0)
    served.turn(20.0)
    add(store, [alert()])
    served.turn(21.0 + AGAIN_S)
    served.turn(31.0 + AGAIN_S)
    assert (served.counts.cut, served.counts.alike) == (2, 4)
    balance(served)


def test_a_flood_of_alerts_is_bounded(
    served: EvidenceService, store: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_alerts, "MOST_WAITING", 100)
    monkeypatch.setattr(waiting_alerts, "MOST_A_MINUTE", 20)
    add(store, [alert(sid=1000 + number, priority=2) for number in range(150)])
    for turn in range(12):
        served.turn(600.0 + turn * service.LOOK_S)
    add(store, [alert(priority=1)])
    for turn in range(120):
        served.turn(612.0 + turn * 0.1)
    assert len(served._waiting) <= 100
    assert served.counts.held_back > 50
    assert served.counts.alerts == 151
    balance(served)


@pytest.mark.slow
def test_a_grave_one_behind_a_crowd_has_its_packets(
    served: EvidenceService, store: AlertStore, network: Network, tmp_path: Path
) -> None:
    """Of other rules and other hosts, so that none of them is like another."""
    send(network, ATTACK)
    assert served.ring is not None
    wait_for(served.ring, b"the packet that fired")
    crowd = [alert(sid=1000 + number, priority=3) for number in range(700)]
    add(store, [*crowd, alert(priority=1)])
    for turn in range(60):
        served.turn(600.0 + turn * 0.1)
    (kept,) = (tmp_path / "card").iterdir()
    assert ATTACK in kept.read_bytes()
    balance(served)


def test_packets_that_are_gone_are_told(served: EvidenceService, store: AlertStore) -> None:
    add(store, [alert(source="203.0.113.77"), alert(sid=7, source="", destination="")])
    served.turn(10.0)
    served.turn(20.0)
    served.turn(30.0)
    assert served.counts.late == 2
    balance(served)


@pytest.mark.slow
def test_what_cannot_be_kept_is_told(
    served: EvidenceService, store: AlertStore, network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    send(network, ATTACK)
    assert served.ring is not None
    wait_for(served.ring, b"the packet that fired")
    served.card.folder.rmdir()
    add(store, [alert(priority=1)])
    served.turn(10.0)
    served.turn(20.0)
    assert "cannot be kept" in caplog.text
    assert served.counts.held_back == 1
    balance(served)


def test_without_the_interface_it_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    need_root()
    folder = PcapFolder(tmp_path, 1)
    made = EvidenceService("none0", AlertReader(tmp_path / "none.db"), folder, folder, 1.0)
    made.turn(10.0)
    assert made.report().trouble == "none0: No such device"
    assert "no packets are kept" in caplog.text


@pytest.mark.slow
def test_the_service_runs_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_root()
    monkeypatch.setenv("GLOVEBOX_RUNTIME_DIRECTORY", str(tmp_path))
    argv = [sys.executable, "-m", "appliance.cli", "evidence", "--interface", "lo"]
    argv += ["--memory", str(tmp_path), "--folder", str(tmp_path)]
    process = subprocess.Popen([*argv, "--database", str(tmp_path / "alerts.db")])
    deadline = time.monotonic() + DEADLINE_S
    while EvidenceReport.read(tmp_path) is None:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 0


@pytest.mark.parametrize(
    ("memory", "blocks"),
    [(512 << 20, 32), (1 << 30, 64), (2 << 30, 128), (8 << 30, 128), (0, 16)],
)
def test_the_ring_takes_a_small_part_of_the_memory(memory: int, blocks: int) -> None:
    assert block_count(memory) == blocks
