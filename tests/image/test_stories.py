# SPDX-License-Identifier: MIT
"""The same image at home and in a car, with no setting, and carried from one to the other.

docs/owner/stories.md tells these. Captures at the switches are the witnesses.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from image.build.image import Image
from image.machine.guest import Guest
from tests.conftest import PROJECT, missing
from tests.image.cable import BOOT_SECONDS, Cable, plugged_guest
from tests.net.dhcpclient import Clients
from tests.net.kit import Segment, Witness, foreign_dnsmasq
from tests.net.receiving import GLOVEBOX

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1500)]

CAPTURE = PROJECT / "tests/captures/demo.pcap"
PLAYERS = 3
# From a cable's move until all that a place needs is there, on a machine that others use too.
MOVE_S = 120.0
# From power-on until it does what its place needs, emulated on a quiet host.
READY_S = 60.0


@pytest.fixture
def home() -> Iterator[Segment]:
    """Return a home: a router that gives addresses."""
    made = Segment()
    foreign_dnsmasq(made, made.station("router", "192.168.88.1/24"))
    yield made
    made.close()


def dhcp(guest: Guest) -> dict[str, Any]:
    """Return what the guard says; no reason before it has said anything."""
    status, said = guest.execute("cat /run/glovebox/dhcp-eth0.json")
    values: dict[str, Any] = {"reason": "", "devices": []} if status else json.loads(said)
    return values


def wait_for_reason(guest: Guest, reason: str, seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (found := dhcp(guest))["reason"] != reason:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return found


def assert_ready_in_time(guest: Guest) -> None:
    seconds = float(guest.run("cat /proc/uptime").split()[0])
    print(f"does its work {seconds:.1f} s after power-on")
    assert seconds < READY_S


def stream(home: Segment, address: str) -> None:
    """Have the router stream a recorded attack, as RouterOS would."""
    argv = ["ip", "netns", "exec", f"{home.name}-router", GLOVEBOX, "send", CAPTURE]
    done = [str(word) for word in (*argv, "--to", f"{address}:37008", "--pps", 200)]
    subprocess.run(done, check=True, capture_output=True)


def play(car: Segment, number: int) -> str:
    """Let a player come: it gets an address, by a real client."""
    station = car.station(f"player{number}")
    argv = ["udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "20", "-s", "/bin/true"]
    assert car.start(station, argv).wait(timeout=120) == 0
    return station


def answers_of(witness: Witness, guest_station: bytes) -> int:
    return len(witness.from_server(guest_station))


def test_from_home_into_the_car_and_back(image: Image, home: Segment, car: Segment) -> None:
    if not shutil.which("udhcpc"):
        missing("no udhcpc, the DHCP client")
    home.station("guest")
    at_home = home.witness("guest")
    with plugged_guest(image, home) as (guest, cable):
        guest.execute("true", BOOT_SECONDS)
        told = wait_for_reason(guest, "address", BOOT_SECONDS)
        assert "192.168.88." in told["words"]
        lease = guest.run("ip -4 -o addr show eth0 scope global").split()[3].partition("/")[0]
        guest.run("systemctl start glovebox-ids.service", BOOT_SECONDS)
        assert_ready_in_time(guest)
        stream(home, lease)
        wait_for_alerts(guest)
        station = bytes.fromhex(guest.run("cat /sys/class/net/eth0/address").replace(":", ""))

        move(guest, cable, car)
        wait_for_reason(guest, "free", MOVE_S)
        for number in range(PLAYERS):
            play(car, number)
        assert len(wait_for_devices(guest, PLAYERS)) == PLAYERS

        move(guest, cable, home)
        wait_for_reason(guest, "address", MOVE_S)
        client = Clients(home, "client")
        assert str(client.lease(1)).startswith("192.168.88.")
        client.close()
        assert answers_of(at_home, station) == 0
        assert guest.execute("systemctl is-active glovebox-dnsmasq@eth0")[1] != "active"
    at_home.close()


def move(guest: Guest, cable: Cable, segment: Segment) -> None:
    """Pull the cable here and plug it in there."""
    guest.monitor("set_link home off")
    cable.plug(segment)
    guest.monitor("set_link home on")


def alerts_stored(guest: Guest) -> int:
    status, said = guest.execute("cat /run/glovebox/alerts.json")
    return 0 if status else int(json.loads(said)["stored"])


def wait_for_alerts(guest: Guest) -> None:
    deadline = time.monotonic() + MOVE_S
    while not alerts_stored(guest):
        assert time.monotonic() < deadline
        time.sleep(1.0)


def wait_for_devices(guest: Guest, count: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + MOVE_S
    while len(leases := dhcp(guest)["devices"]) < count:
        assert time.monotonic() < deadline, leases
        time.sleep(0.5)
    return list(leases)


@pytest.mark.parametrize("clock", ["1970-01-02T00:00:00", "2037-01-01T00:00:00"])
def test_clock_and_leases_over_a_power_cut_in_the_car(
    image: Image, car: Segment, clock: str
) -> None:
    """The power goes the moment a device has its address; the clock starts anew each time."""
    rtc = ("-rtc", f"base={clock}")
    clients = Clients(car, "clients")
    with plugged_guest(image, car, *rtc) as (guest, _):
        guest.execute("true", BOOT_SECONDS)
        wait_for_reason(guest, "free", BOOT_SECONDS)
        guest.run("systemctl start glovebox-clock.service")
        first = clients.lease(1, seconds=60.0)
        assert first is not None
        assert_ready_in_time(guest)
        before = float(guest.run("date +%s"))
        second = clients.lease(2, seconds=60.0)
        guest.cut_power()
        assert second is not None

        guest.power_on(*rtc)
        guest.execute("true", BOOT_SECONDS)
        wait_for_reason(guest, "free", BOOT_SECONDS)
        assert float(guest.run("date +%s")) >= before
        assert guest.run("systemctl is-active glovebox-clock-restore") == "active"
        assert clients.request(2, second) == second
        others = {clients.lease(number, seconds=60.0) for number in range(3, 9)}
        assert others.isdisjoint({first, second, None})
        assert guest.run("systemctl --failed --plain --no-legend") == ""
    clients.close()
