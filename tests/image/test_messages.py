# SPDX-License-Identifier: MIT
"""Messages of the booted image: an attack at home on the phone, and what waited in the car.

The Internet is played in namespaces: a router with DHCP and names, and behind it an ntfy.
"""

from __future__ import annotations

import json
import queue
import re
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.formats.tzsp import encode
from appliance.notify.message_policy import MOST_RULES
from image.build.image import Image
from image.demo import TZSP_PORT
from image.machine.guest import Guest
from tests.frames import ethernet, ipv4, udp
from tests.image import boot
from tests.image.cable import BOOT_SECONDS, Cable, plugged_guest
from tests.image.internet import NAME, OnlineHome, online_home
from tests.image.test_stories import wait_for_reason
from tests.net.kit import Segment, inside
from tests.unit.notify.played_services import TakenRequest

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1800)]

SETTINGS = f"""\
[system]
hostname = "box"
[notify]
channels = [{{ name = "phone", way = "ntfy", to = "http://{NAME}/glovebox" }}]
"""
FIRST_PORT, RULES = 20_000, MOST_RULES + 20
ATTACK = 19_999
# One rule for each port: more than a channel keeps apart. The guest writes them itself.
MAKE_RULES = f"""
for number in range({RULES}):
    print(f'alert udp any any -> any {{{FIRST_PORT} + number}} (msg:"TEST rule {{number}}";'
          f' priority:2; sid:{{1010000 + number}}; rev:1;)')
print('alert udp any any -> any {ATTACK} (msg:"TEST attack"; priority:1; sid:1009999; rev:1;)')
"""
RULES_FILE = "/var/lib/glovebox/rules.d/test.rules"
AWAY = timedelta(hours=2)
PATIENCE_S = 300.0
# From the frame at the router to the phone, on a machine of which this one has both processors.
WITHIN_S = 5.0


@pytest.fixture
def home() -> Iterator[OnlineHome]:
    with online_home() as made:
        yield made


def report(guest: Guest, name: str) -> dict[str, Any]:
    """Return what a service publishes; nothing where it does not yet."""
    status, said = guest.execute(f"cat /run/glovebox/{name}.json")
    found: dict[str, Any] = {} if status else json.loads(said)
    return found


def line(guest: Guest) -> dict[str, Any]:
    """Return the figures of the phone's line."""
    return next(iter(report(guest, "notify").get("lines", ())), {})


def wait_for_line(guest: Guest, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the figures of the phone's line once they fit; nothing is ever missing of them."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := line(guest)) or not fits(found):
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    assert found["heard"] == found["told"] + found["waiting"]
    return found


def attack(namespace: str, address: str, *ports: int) -> None:
    """Stream a frame to each port, as a router there would."""
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        for port in ports:
            router.sendto(encode(ethernet(ipv4(udp(b"x" * 60, port)))), (address, TZSP_PORT))
            # As fast as an emulated machine inspects them.
            time.sleep(0.01)


def next_message(home: OnlineHome, wanted: str, seconds: float = PATIENCE_S) -> TakenRequest:
    """Return the next message whose title has some words; others are of the sensor's own state."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = home.server.taken.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"no message says {wanted!r}") from None
        print(f"{time.monotonic():.1f} {found.body}")
        if wanted in found.body["title"]:
            return found


def lease(guest: Guest) -> str:
    return guest.run("ip -4 -o addr show eth0 scope global").split()[3].partition("/")[0]


def at_work(guest: Guest) -> str:
    """Wait until what watches and tells is at work at home; return the address."""
    guest.execute("true", BOOT_SECONDS)
    wait_for_reason(guest, "address", BOOT_SECONDS)
    guest.run("systemctl start glovebox-ids glovebox-alerts glovebox-notify", BOOT_SECONDS)
    guest.execute("systemctl is-system-running --wait", 600)
    return lease(guest)


def into_the_car(guest: Guest, cable: Cable, car: Segment) -> str:
    """Pull the cable at home, plug it in there; return the address of a router in the car."""
    guest.monitor("set_link home off")
    cable.plug(car)
    guest.monitor("set_link home on")
    wait_for_reason(guest, "free", PATIENCE_S)
    guest.run("until ip -4 addr show eth0 | grep -q 10.77.0.1/; do sleep 1; done", PATIENCE_S)
    return car.station("lte", "10.77.0.3/24")


def test_an_attack_is_on_the_phone_and_what_came_in_the_car_later(
    image: Image, home: OnlineHome, car: Segment, tmp_path: Path
) -> None:
    card = boot.prepared(image, tmp_path, {"glovebox.toml": SETTINGS.encode()})
    home.home.station("guest")
    with plugged_guest(card, home.home) as (guest, cable):
        address = at_work(guest)
        guest.run(f"python3 - >{RULES_FILE} <<'END'\n{MAKE_RULES}END")
        guest.run("systemctl restart glovebox-ids-config glovebox-ids", 180)
        wait_for_line(guest, lambda found: True)

        starved, begin = guest.starved(), time.monotonic()
        attack(home.router, address, ATTACK)
        told = next_message(home, "TEST attack")
        took, starved = time.monotonic() - begin, guest.starved() - starved
        print(f"on the phone {took:.1f} s after the frame, of which {starved:.1f} s starved")
        assert told.body["topic"] == "glovebox" and told.body["priority"] == 4
        assert took - starved < WITHIN_S
        wait_for_line(guest, lambda found: found["told"] >= 1 and not found["waiting"])

        station = into_the_car(guest, cable, car)
        attack(station, "10.77.0.1", *range(FIRST_PORT, FIRST_PORT + RULES))
        # Scans among them have rules of their own.
        wait_for_line(guest, lambda found: found["waiting"] >= RULES and found["away_since"] > 0)
        guest.cut_power()

        later = datetime.now(UTC) + AWAY
        cable.plug(home.home)
        guest.power_on("-rtc", f"base={later:%Y-%m-%dT%H:%M:%S}")
        at_work(guest)
        digest = next_message(home, "alerts of")
        told_of = re.fullmatch(r"box: ([\d,]+) alerts of (\d+) rules", digest.body["title"])
        assert told_of and int(told_of[2]) == MOST_RULES
        assert int(told_of[1].replace(",", "")) >= RULES
        assert re.search(r"\(2 h( \d+ min)? ago\)", digest.body["message"])
        assert "of rules that found no room here" in digest.body["message"]
        wait_for_line(guest, lambda found: found["told"] > RULES and not found["waiting"])
