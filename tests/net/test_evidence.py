# SPDX-License-Identifier: MIT
"""Both engines: the pcap of each alert has the frame that fired, of ours and eight captures."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.alerts.store import AlertReader
from appliance.evidence import cutting, waiting_alerts
from appliance.evidence.kept_pcaps import PcapFolder
from appliance.evidence.packet_ring import PacketRing
from appliance.evidence.service import BLOCK_SIZE, BLOCKS, EvidenceService
from appliance.ids.alert import from_json
from appliance.reports.checksums import ChecksumsReport
from appliance.tools.captures import open_capture
from image.demo import SHIPPED
from tests.net.engine import Alerts, Engine, frames, inject, running
from tests.net.namespaces import INTERFACE, Network, wait_until
from tests.net.suricata import Suricata
from tests.net.test_suricata import END, END_RULE, END_SID, TALKATIVE_RULES

pytestmark = pytest.mark.net

CAPTURES = (
    "ids/maltrail/stealth_scan_xmas.pcap", "ids/ndpi/synscan.pcap",
    "ids/ndpi/WebattackSQLinj.pcap", "ids/suricata-verify/detect-vlan-id/input.pcap",
    "ids/suricata-verify/filestore-filecontainer-smb/filecontainer-smb.pcap",
    "ids/arkime/v6-http.pcap", "ids/suricata-verify/ftp__ftp-bounce/test.pcap",
    "ids/zeek/ipv4__fragmented-1.pcap",
)  # fmt: skip


@pytest.fixture(
    params=[
        pytest.param((Engine, "engine_root", ""), id="snort", marks=pytest.mark.snort),
        pytest.param(
            (Suricata, "suricata_root", TALKATIVE_RULES), id="suricata", marks=pytest.mark.suricata
        ),
    ]
)
def engine(request: pytest.FixtureRequest, network: Network, tmp_path: Path) -> Iterator[Engine]:
    kind, root, rules = request.param
    made: Engine = kind(request.getfixturevalue(root), tmp_path / "run", network)
    made.measured = ChecksumsReport(ignored=True)
    made.configure(owner_rules=END_RULE + rules)
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture
def keeper(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EvidenceService]:
    for name in ("MOST_A_MINUTE", "MOST_OF_SOURCE"):
        monkeypatch.setattr(waiting_alerts, name, 10_000)
    for name in ("memory", "card", "database"):
        (tmp_path / name).mkdir()
    made = EvidenceService(
        INTERFACE, AlertReader(tmp_path / "database/alerts.db"),
        PcapFolder(tmp_path / "memory", 64 << 20), PcapFolder(tmp_path / "card", 64 << 20, True),
        time.time(),
    )  # fmt: skip
    with network.inside(network.sensor):
        made.ring = PacketRing(INTERFACE, BLOCKS, BLOCK_SIZE)
    # From the first alert on, though there is no store yet.
    made._seen = 0
    yield made
    made.close()


def cut_all(keeper: EvidenceService, stored: int) -> None:
    """Turn until each of the stored alerts is accounted for; the clock is the test's."""
    moments = itertools.count(1000, 1)
    wait_until(lambda: turned(keeper, next(moments)) == stored, "all alerts are cut")


def handed_over(ring: PacketRing, pattern: bytes) -> bool:
    ring.advance()
    return bool(ring.frames([pattern], 0, 1 << 62))


def turned(keeper: EvidenceService, moment: float) -> int:
    keeper.turn(moment)
    found = keeper.report()
    return found.cut + found.alike + found.late + found.held_back


def test_the_pcap_of_each_alert_has_the_frame_that_fired(
    network: Network, engine: Engine, keeper: EvidenceService, shared_data: Path, tmp_path: Path
) -> None:
    alerts = Alerts(engine, tmp_path / "database/alerts.db")
    sent = [*frames(SHIPPED), *(f for name in CAPTURES for f in frames(shared_data / name))]
    with running(alerts), running(engine):
        inject(network, [*sent, END])
        wait_until(
            lambda: alerts.count() and alerts.stored()[-1]["sid"] == END_SID, "the end is stored"
        )
    assert keeper.ring is not None
    ring = keeper.ring
    wait_until(lambda: handed_over(ring, b"the end"), "the last block is handed over")
    stored = alerts.stored()
    cut_all(keeper, len(stored))
    alerts.stop(signal.SIGKILL)

    pcaps = [*(tmp_path / "card").iterdir(), *(tmp_path / "memory").iterdir()]
    moments = {each.time_ns // 1000 for each in ring.frames([b""], 0, 1 << 62)}
    checked = at_ends = 0
    for alert in stored:
        name = f"{cutting.name_of(alert['id'], cutting.time_us_of(alert['time']))}.pcap"
        file = next((f for f in pcaps if f.name == name), None)
        if file is None:
            continue
        with open_capture(file) as capture:
            records = list(capture)
        fired = [each.frame for each in records if each.time_us == from_json(alert).time_us]
        if from_json(alert).time_us not in moments:
            # No frame fired: the engine looked once more when the conversation was over.
            hosts = cutting.patterns(alert["source"], alert["destination"])
            assert [each.frame for each in records] == [
                each.frame for each in ring.frames(hosts, 0, 1 << 62)
            ]
            at_ends += 1
            continue
        assert fired, alert
        assert all(frame in sent or frame == END for frame in fired), alert
        checked += 1
    counts = keeper.counts
    assert ring.lost == 0 and counts.late == counts.held_back == 0, counts
    assert checked + at_ends == counts.cut >= 10 and at_ends <= 2
    rules = {(each["gid"], each["sid"]) for each in stored}
    assert len(rules) >= 5
