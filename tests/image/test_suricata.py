# SPDX-License-Identifier: MIT
"""The image with Suricata, booted with as little memory as a Zero 2 W has."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.tools.pacing import PacketRate
from appliance.tools.send import send_capture
from image.build import boards, engines
from image.build.context import BUILD, BuildContext
from image.build.image import Image, build_image
from image.demo import SHIPPED, TZSP_PORT, counters, page_of, play, wait_ready
from image.machine.guest import Forward, Guest
from image.machine.page_client import PageClient
from image.progress import StageProgress
from tests.net.suricata import Suricata

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.suricata, pytest.mark.timeout(600)]

MEMORY_MIB = 512
# All of ours and the engine; the ring that frames wait in is part of it.
MOST_MIB = 256
PPS = 500
# Longer than anything takes on a busy machine; only a failure waits for it.
SECONDS = 120.0


@pytest.fixture(scope="module")
def image() -> Image:
    """Build what is missing of the `vm` board with Suricata."""
    engine = engines.choose("suricata")
    return build_image(BuildContext(boards.choose("vm"), StageProgress(), engine=engine))


@pytest.fixture(scope="module")
def guest(image: Image) -> Iterator[Guest]:
    """Boot it; Suricata listens when a test gets it."""
    forwards = [Forward("udp", TZSP_PORT), Forward("tcp", 80)]
    with Guest(image, BUILD, forwards, extra=["-m", str(MEMORY_MIB)]) as guest:
        wait_ready(guest)
        yield guest


@pytest.fixture
def page(guest: Guest) -> PageClient:
    """Return the device's page as the host reaches it."""
    return page_of(guest)


def wait_for(guest: Guest, page: PageClient, **wanted: object) -> dict[str, Any]:
    """Wait, while frames arrive, until the status has these values."""
    deadline = time.monotonic() + SECONDS
    while True:
        send_capture(SHIPPED, ("127.0.0.1", guest.host_port(TZSP_PORT)), PacketRate(PPS))
        status: dict[str, Any] = page.get("api/status")
        if all(status[key] == value for key, value in wanted.items()):
            return status
        assert time.monotonic() < deadline, (wanted, status)


def test_boot_has_no_failed_unit(guest: Guest) -> None:
    guest.execute("systemctl is-system-running --wait")
    assert guest.run("systemctl --failed --plain --no-legend") == ""


def test_demo_raises_the_alerts_of_the_file(
    guest: Guest, page: PageClient, image: Image, tmp_path: Path
) -> None:
    assert image.engine_root is not None
    reference = Suricata(image.engine_root, tmp_path / "ids", network=None)
    reference.configure()
    expected = Counter((each.gid, each.sid) for each in reference.alerts_of(SHIPPED))
    play(guest, SHIPPED, PPS)
    # When it ends it looks at what is left in its streams, as it does at the end of a file.
    guest.run("systemctl restart glovebox-ids", 120)
    guest.run("glovebox selftest", 150)
    found = page.alerts_after(0)
    assert Counter((alert["gid"], alert["sid"]) for alert in found) == expected
    assert {alert["engine"] for alert in found} == {"suricata"}
    assert counters(guest)["socket_overflow"] == 0


def test_memory_is_enough(guest: Guest) -> None:
    """Right after the demo: the proportional share of every process of ours."""
    units = guest.run("systemctl list-units --plain --no-legend 'glovebox-*.service'")
    shares = dict[str, float]()
    for unit in (line.split()[0] for line in units.splitlines()):
        pid = guest.run(f"systemctl show -P MainPID {unit}")
        if pid != "0":
            share = guest.run(f"awk '/^Pss:/ {{print $2}}' /proc/{pid}/smaps_rollup")
            shares[unit] = int(share) / 1024
    for unit, mebibytes in sorted(shares.items(), key=lambda item: -item[1]):
        print(f"{mebibytes:6.1f} MiB {unit}")
    print(f"memory of all services of ours: {sum(shares.values()):.0f} MiB")
    assert sum(shares.values()) <= MOST_MIB


def test_page_and_status_name_the_engine(guest: Guest, page: PageClient) -> None:
    # What the capture raised is the sentence until somebody has seen it.
    status = wait_for(guest, page, state="alert", engine="suricata")
    assert status["parts"]["engine"] == "listening"
    assert "Suricata" in guest.execute("glovebox status")[1]


def test_ledger_has_what_suricata_counts(guest: Guest, page: PageClient) -> None:
    sent = counters(guest)["frames_sent"]
    deadline = time.monotonic() + SECONDS
    while True:
        ledger = page.get("api/status")["supervisor"]["ledger"]
        (engine,) = (stage for stage in ledger if stage["stage"] == "engine")
        if engine["count"] == sent:
            break
        assert time.monotonic() < deadline, (engine, sent)
        time.sleep(0.5)
    assert engine["lost"] == 0


def test_stopped_suricata_is_found_and_restarted(guest: Guest, page: PageClient) -> None:
    guest.run("systemctl kill -s STOP glovebox-ids")
    wait_for(guest, page, state="engine_down")
    found = "journalctl -b -u glovebox-supervisor -o cat --no-pager"
    reason = "glovebox-ids.service: restart: Suricata runs, but frames pass it uninspected."
    assert reason in guest.run(found)
    guest.run("systemctl start glovebox-ids", 120)
    wait_for(guest, page, state="alert")


def test_unit_is_well_sandboxed(guest: Guest) -> None:
    report = guest.execute("systemd-analyze security --no-pager glovebox-ids")[1]
    assert float(report.splitlines()[-1].split(": ")[1].split()[0]) <= 2.0


def test_owner_can_switch_the_engine_off(guest: Guest, page: PageClient) -> None:
    services = "glovebox-supervisor glovebox-alerts glovebox-web"
    # Fresh alerts of the tests before this one would be what matters most.
    guest.run("systemctl stop glovebox-alerts && rm /var/lib/glovebox/alerts/alerts.db*")
    guest.run("printf '[ids]\\nengine = \"none\"\\n' >/var/lib/glovebox/glovebox.toml")
    guest.run(f"systemctl restart glovebox-ids-config {services}", 120)
    try:
        assert guest.execute("systemctl is-active glovebox-ids")[1] == "inactive"
        assert guest.run("glovebox selftest", 150).endswith("self-test: passed")
        status = wait_for(guest, page, engine="none", state="capturing", level="ok")
        assert "captures only" in status["sentence"].lower()
        assert guest.run("systemctl --failed --plain --no-legend") == ""
    finally:
        guest.run("rm /var/lib/glovebox/glovebox.toml")
        guest.run(f"systemctl restart glovebox-ids-config {services}", 120)
        guest.run("systemctl start glovebox-ids", 120)
    wait_for(guest, page, engine="suricata", state="alert")
