# SPDX-License-Identifier: MIT
"""The zone of the lists in the booted image: units in their real sandboxes, and a foreign dig."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.intel.list_outputs import ZONE
from appliance.zone.knot_conf import ALGORITHM, KEY_NAME, PORT
from image.build.context import BUILD
from image.build.image import Image
from image.machine.guest import Forward, Guest
from tests.conftest import missing
from tests.image import boot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1800)]

# Whom the guest takes the host for.
HOST = "10.0.2.2"
SETTINGS = f"""
[intel]
secondaries = ["{HOST}"]
"""
READY_S = 600


@pytest.fixture(scope="module")
def machine(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """Boot a card whose settings name a secondary."""
    folder = tmp_path_factory.mktemp("zone")
    card = boot.prepared(image, folder, {"glovebox.toml": SETTINGS.encode()})
    with Guest(card, BUILD, [Forward("tcp", 80), Forward("tcp", PORT)]) as guest:
        boot.started(guest)
        yield guest


def transferred(guest: Guest, *options: str) -> str:
    """Ask for the whole zone as a secondary does."""
    if not shutil.which("dig"):
        missing("no dig")
    argv = ["dig", "@127.0.0.1", "-p", str(guest.host_port(PORT)), "+tcp", "+time=20", "+tries=1",
            *options, f"{ZONE}.", "AXFR"]  # fmt: skip
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def signed(guest: Guest) -> list[str]:
    key = guest.run("cat /var/lib/glovebox/zone/key").strip()
    return ["-y", f"{ALGORITHM}:{KEY_NAME}:{key}"]


def test_who_signs_gets_the_zone_and_nobody_else(machine: Guest) -> None:
    assert machine.run("systemctl is-active glovebox-zone.service").strip() == "active"
    assert "SOA" in transferred(machine, *signed(machine))
    assert "SOA" not in transferred(machine)
    assert machine.run("systemctl --failed --plain --no-legend") == ""


def test_what_is_listed_comes_by_itself(machine: Guest, tmp_path: Path) -> None:
    """A list that is put on BOOT is in the zone without a restart of its server."""
    before = machine.run("systemctl show -P MainPID glovebox-zone.service")
    machine.run(
        "mount -o remount,rw /boot/firmware && mkdir -p /boot/firmware/intel"
        " && echo bad.guest.example > /boot/firmware/intel/mine.txt;"
        " mount -o remount,ro /boot/firmware"
    )
    # Each start reads them.
    machine.run("systemctl restart glovebox-intel.service", READY_S)
    machine.run(
        "timeout 300 sh -c 'until grep -q bad.guest.example /var/lib/glovebox/zone/rpz.zone;"
        " do sleep 1; done'; systemctl start glovebox-zone-anew.service",
        READY_S,
    )
    assert f"bad.guest.example.{ZONE}." in transferred(machine, *signed(machine))
    assert machine.run("systemctl show -P MainPID glovebox-zone.service") == before
    assert "Denied" not in machine.run("journalctl -b -o cat -u glovebox-zone.service")
