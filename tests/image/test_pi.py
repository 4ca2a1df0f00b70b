# SPDX-License-Identifier: MIT
"""The Pi's image as built, booted on QEMU's model of a Pi 3B from its own BOOT partition."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.tools.pacing import PacketRate
from appliance.tools.send import send_capture
from image.build import boards, engines
from image.build.context import BUILD, BuildContext
from image.build.image import Image, build_image
from image.demo import SHIPPED, TZSP_PORT, page_of
from image.machine.guest import Forward, Guest
from image.progress import StageProgress

pytestmark = [pytest.mark.image, pytest.mark.long, pytest.mark.timeout(1800)]

BOOT_SECONDS = 400.0
MEDIA_PORT = 8200
FORWARDS = (Forward("udp", TZSP_PORT), Forward("tcp", 80), Forward("tcp", MEDIA_PORT))
SERVICES = "glovebox-receiver glovebox-ids glovebox-alerts glovebox-web"


@pytest.fixture(scope="module")
def pi() -> Image:
    """Build what is missing of the Pi's image, in the flavour that Debian's mirror suffices for."""
    board, engine = boards.choose("pi", "debian"), engines.choose("suricata")
    return build_image(BuildContext(board, StageProgress(), engine=engine))


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the card is that all boots here have in common."""
    return tmp_path_factory.mktemp("card") / "card.qcow2"


@pytest.fixture(scope="module")
def first(pi: Image, card: Path) -> Iterator[Guest]:
    """Boot the new card for the first time."""
    with boot(pi, card) as guest:
        yield guest


def boot(pi: Image, card: Path) -> Guest:
    return Guest(pi, BUILD, FORWARDS, disk=card)


def settled(guest: Guest) -> str:
    """Wait until the start is over and return the units that failed."""
    guest.execute("systemctl is-system-running --wait", BOOT_SECONDS)
    return guest.run("systemctl --failed --plain --no-legend")


def test_first_boot_has_no_failed_unit(first: Guest) -> None:
    assert settled(first) == ""


def test_first_boot_runs_the_board_that_it_was_made_for(first: Guest) -> None:
    assert first.run("tr -d '\\0' < /proc/device-tree/model") == "Raspberry Pi 3 Model B"
    assert first.run("uname -m") == "aarch64"


def test_first_boot_has_a_real_dummy(first: Guest) -> None:
    link = json.loads(first.run("ip -j -d link show tzsp0"))[0]
    assert link["linkinfo"]["info_kind"] == "dummy"


def test_first_boot_gets_its_address_over_usb(first: Guest) -> None:
    first.run("/usr/lib/systemd/systemd-networkd-wait-online --interface=usb0 --timeout=120", 150)
    address = json.loads(first.run("ip -j -4 addr show usb0"))[0]["addr_info"][0]
    assert address["local"].startswith("10.0.2.")
    assert address["dynamic"] is True


def test_first_boot_uses_the_whole_card(first: Guest) -> None:
    first.run("systemctl start media-glovebox.mount")
    mount = json.loads(first.run("findmnt --json --output FSTYPE,OPTIONS,SIZE -b /media/glovebox"))
    found = mount["filesystems"][0]
    assert found["fstype"] == "exfat"
    assert "ro" in found["options"].split(",")
    table = json.loads(first.run("sfdisk --json /dev/mmcblk0"))["partitiontable"]
    end = max(part["start"] + part["size"] for part in table["partitions"])
    assert end * 512 > (4 << 30) - (8 << 20)


def test_first_boot_gives_the_card_its_own_signature(first: Guest) -> None:
    first.run("systemctl start glovebox-card-signature", 300)
    own = first.run(
        "sed -n 's/.*root=PARTUUID=\\([0-9a-f]*\\)-02.*/\\1/p' /boot/firmware/a/cmdline.txt"
    )
    assert own != "61f0b0e5"
    assert first.run("sfdisk --disk-id /dev/mmcblk0") == f"0x{own}"


def test_page_and_health_answer_from_the_host(first: Guest) -> None:
    first.run(f"systemctl start {SERVICES}", 300)
    with urllib.request.urlopen(f"{page_of(first).url}healthz", timeout=60) as answer:
        assert answer.status == 200
    assert page_of(first).get("api/status")["sentence"]


def test_minidlna_answers_the_host(first: Guest) -> None:
    first.run("systemctl start glovebox-films", 300)
    first.run(f"until ss -Hltn 'sport = :{MEDIA_PORT}' | grep -q .; do sleep 0.5; done", 120)
    address = f"http://127.0.0.1:{first.host_port(MEDIA_PORT)}/rootDesc.xml"
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert b"urn:schemas-upnp-org:device:MediaServer:1" in answer.read()


def test_what_the_host_sends_becomes_alerts(first: Guest) -> None:
    first.run(f"systemctl start {SERVICES}", 300)
    send_capture(SHIPPED, ("127.0.0.1", first.host_port(TZSP_PORT)), PacketRate(100))
    first.run("glovebox selftest --seconds 60", 400)
    alerts = page_of(first).get("api/alerts?limit=50")["alerts"]
    assert alerts
    assert {alert["engine"] for alert in alerts} == {"suricata"}


def test_second_boot_finds_what_the_first_left(first: Guest, pi: Image, card: Path) -> None:
    """Last in this file: it ends the first boot by a cut."""
    page = page_of(first)
    before = page.get("api/alerts?limit=1")["alerts"][0]["id"]
    first.cut_power()
    with boot(pi, card) as guest:
        assert settled(guest) == ""
        assert guest.run("findmnt --noheadings --output FSTYPE /media/glovebox") == "exfat"
        guest.run(f"systemctl start {SERVICES}", 300)
        assert page_of(guest).get("api/alerts?limit=1")["alerts"][0]["id"] >= before
