# SPDX-License-Identifier: MIT
"""The booted sensor reports what Snort itself says of the same capture."""

from __future__ import annotations

import base64
import io
import subprocess
import tarfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from appliance.tools.captures import open_capture
from appliance.tools.pacing import PacketRate
from appliance.tools.send import send_capture
from image.build.image import Image
from image.demo import SHIPPED, TZSP_PORT
from image.machine.guest import Guest
from image.machine.page_client import PageClient
from tests.conftest import missing
from tests.image.sensor import published
from tests.net.engine import Engine

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

PPS = 500
PATIENCE_S = 120.0
TRIES = 3
PORT_SCANS = 122
CAPTURES: dict[str, str | Path] = {
    "syn-scan": "ids/ndpi/synscan.pcap",
    "web-attack": "ids/ndpi/WebattackSQLinj.pcap",
    "ipv6": "ids/arkime/v6-http.pcap",
    "xmas-scan": "ids/maltrail/stealth_scan_xmas.pcap",
    "smb": "ids/suricata-verify/smb2-06/20171220_smb_net_user.pcap",
    "vlan": "ids/zeek/mixed-vlan-mpls.pcap",
    "version-scan": "ids/zeek/nmap-vsn.pcap",
}

Key = tuple[int, int, str, str]


@pytest.fixture
def reference(guest: Guest, image: Image, tmp_path: Path) -> Engine:
    """Return the same Snort with the configuration that the guest's has."""
    assert image.engine_root is not None, "this host runs the engine itself"
    engine = Engine(image.engine_root, tmp_path / "ids", network=None)
    packed = guest.run("cd /run/glovebox-ids && tar -cf - snort.conf rules | base64 -w0")
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed))) as tar:
        tar.extractall(engine.directory, filter="data")
    subprocess.run(["chmod", "-R", "a+rX", engine.directory], check=True)
    return engine


def test_guest_reports_what_snort_says_of_the_shipped_file(
    guest: Guest, page: PageClient, reference: Engine
) -> None:
    compare(guest, page, reference, SHIPPED)


@pytest.mark.long
@pytest.mark.parametrize("name", CAPTURES)
def test_guest_reports_what_snort_says_of_more_files(
    name: str, guest: Guest, page: PageClient, reference: Engine, shared_data: Path
) -> None:
    compare(guest, page, reference, shared_data / CAPTURES[name])


def compare(guest: Guest, page: PageClient, reference: Engine, capture: Path) -> None:
    events = reference.read_file(capture)
    expected = Counter((each.gid, each.sid, each.source, each.destination) for each in events)
    found = Counter(map(key, inspected_whole(guest, page, capture)))
    assert without_port_scans(found) == without_port_scans(expected)
    # Packet speed decides when sfPortscan speaks (docs/developer/engines.md), but not of whom.
    assert port_scanners(found) == port_scanners(expected)


def inspected_whole(guest: Guest, page: PageClient, capture: Path) -> list[dict[str, Any]]:
    """Inspect the capture; once more if this host was so busy that frames of it were lost.

    What is lost is counted: an alert that is missing without a loss is a fault.
    """
    for _ in range(TRIES):
        before = lost_frames(guest)
        alerts = inspected_by_guest(guest, page, capture)
        if not (lost := lost_frames(guest) - before):
            return alerts
    raise AssertionError(f"{lost} frames were lost at the last of {TRIES} tries")


def lost_frames(guest: Guest) -> int:
    """Return what the whole way has lost by now, from a ledger that is made after now."""
    now = float(guest.run("date +%s.%N"))
    deadline = time.monotonic() + PATIENCE_S
    while (report := published(guest, "supervisor"))["updated"] <= now + 1:
        assert time.monotonic() < deadline, "the supervisor reports nothing"
    return sum(row["lost"] or 0 for row in report["ledger"])


def inspected_by_guest(guest: Guest, page: PageClient, capture: Path) -> list[dict[str, Any]]:
    """Have a Snort that has seen nothing yet inspect the capture, to the end of every stream."""
    guest.run("systemctl restart glovebox-ids", 120)
    newest = max((alert["id"] for alert in page.get("api/alerts?limit=1")["alerts"]), default=0)
    before = received(guest)
    address = ("127.0.0.1", guest.host_port(TZSP_PORT))
    sent = send_capture(capture, address, PacketRate(PPS)).sent
    with open_capture(capture) as opened:
        assert sent == sum(1 for _ in opened)
    deadline = time.monotonic() + PATIENCE_S
    while received(guest) - before < sent:
        assert time.monotonic() < deadline, "datagrams were lost on their way into the guest"
    guest.run("glovebox selftest", 150)
    # At its end Snort looks at what is left in its streams, as it does at the end of a file.
    guest.run("systemctl stop glovebox-ids", 60)
    wait_until_stored(guest)
    alerts = page.alerts_after(newest)
    guest.run("systemctl start glovebox-ids", 120)
    return alerts


def test_a_clean_stop_stores_the_last_alert_of_the_engine(guest: Guest) -> None:
    """All are told to end at once, as when the machine is shut down.

    The supervisor, too: it would have the engine back, whose self-test raises an alert.
    """
    services = "glovebox-supervisor glovebox-ids glovebox-alerts glovebox-alerts-rest"
    guest.run("systemctl restart glovebox-ids", 120)
    send_capture(SHIPPED, ("127.0.0.1", guest.host_port(TZSP_PORT)), PacketRate(PPS))
    guest.run(f"systemctl stop {services}", 120)
    try:
        left = guest.run(f"python3 -c '{LEFT}'")
    finally:
        guest.run(f"systemctl start {services}", 120)
    assert left == "0"


LEFT = """
from pathlib import Path
from appliance.alerts import store
from appliance.ids import handover, unified2_spool
kept = store.AlertStore(store.DATABASE, Path("/proc/sys/kernel/random/boot_id").read_text().strip())
files = unified2_spool.files(Path("/run/glovebox-ids/spool"))
print(handover.lag(files, kept.positions))
"""


def received(guest: Guest) -> int:
    return int(published(guest, "receiver")["tally"]["datagrams_received"])


def wait_until_stored(guest: Guest) -> None:
    """Wait for a report, made after now, that nothing waits in the spool."""
    now = float(guest.run("date +%s.%N"))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        report = published(guest, "alerts")
        if report["updated"] > now + 1 and report["spool_lag_bytes"] == 0:
            return
    raise AssertionError(f"alerts are not stored: {report}")


def key(alert: dict[str, Any]) -> Key:
    return alert["gid"], alert["sid"], alert["source"], alert["destination"]


def without_port_scans(alerts: Counter[Key]) -> Counter[Key]:
    return Counter({each: count for each, count in alerts.items() if each[0] != PORT_SCANS})


def port_scanners(alerts: Counter[Key]) -> set[Key]:
    return {each for each in alerts if each[0] == PORT_SCANS}


def test_captures_hold_all_that_is_promised(shared_data: Path) -> None:
    for name, capture in CAPTURES.items():
        if not (shared_data / capture).is_file():
            missing(f"{name}: no {capture}")


QUIETEN = """\
from appliance.ruleset import quiet
quiet.inbox().post(quiet.QuietWish(quiet.Quieted(1, 1000140, "by_src", "192.0.2.9"), {lift}))
"""
LINE = "suppress gen_id 1, sig_id 1000140, track by_src, ip 192.0.2.9"


@pytest.mark.long
def test_what_the_page_quietens_is_in_force_until_it_is_lifted(guest: Guest) -> None:
    """In the sandboxes of page, list and configuration; each time the engine listens again."""
    rules = "/run/glovebox-ids/rules/owner.rules"
    for lift in (False, True):
        run = guest.run("systemctl show -P InvocationID glovebox-ids").strip()
        code = base64.b64encode(QUIETEN.format(lift=lift).encode()).decode()
        guest.run(f"echo {code} | base64 -d | runuser -u glovebox-web -- python3 -")
        deadline = time.monotonic() + PATIENCE_S
        while guest.run("systemctl show -P InvocationID glovebox-ids").strip() in (run, ""):
            assert time.monotonic() < deadline, "the engine was not started anew"
        # It is started only with its configuration, and active only once it listens.
        guest.run("systemctl start glovebox-ids", PATIENCE_S)
        assert (LINE in guest.run(f"cat {rules}")) is not lift
    assert guest.run("systemctl --failed --plain --no-legend") == ""
