# SPDX-License-Identifier: MIT
"""The clock of a machine that starts in 1970 or in 2037, without a network and with one.

docs/owner/time.md states the rules. The network is a home whose router gives addresses and names
itself as time server; there a real chronyd answers with the time of this host.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.clock.service import AHEAD_S
from appliance.formats.tzsp import encode
from image.build.image import Image
from image.demo import TZSP_PORT
from image.machine.guest import Guest
from tests.image.cable import BOOT_SECONDS, plugged_guest
from tests.image.sensor import NUMBERED, RULES, frame, sid
from tests.net.kit import Segment, foreign_dnsmasq
from tests.net.timeserver import SERVING, Chronyd

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(1500)]

ROUTER = "192.168.88.1"
YEARS = {"1970-01-02T00:00:00": "before", "2037-01-01T00:00:00": "2037"}
# From the cable's plug to the lease, the server's name and four measurements, on a busy machine.
SET_S = 180.0
# What a command takes on its way into the guest and back.
NEAR_S = 10.0
CLOCK = "/run/glovebox/alerts.json"
SEND = """
import base64, socket
data = base64.b64decode("{data}")
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(data, ("127.0.0.1", {port}))
"""
LATEST = """
import json
from appliance.alerts.store import AlertReader
print(json.dumps(AlertReader().latest(1000)))
"""


@pytest.fixture
def home() -> Iterator[Segment]:
    """Return a home: a router that gives addresses and the time."""
    made = Segment()
    router = made.station("router", f"{ROUTER}/24")
    Chronyd(made, router, SERVING)
    foreign_dnsmasq(made, router, f"--dhcp-option=option:ntp-server,{ROUTER}")
    yield made
    made.close()


def started(guest: Guest) -> None:
    """Wait for the whole start; nothing failed, the checks of file systems least of all."""
    guest.execute("systemctl is-system-running --wait", BOOT_SECONDS)
    assert guest.run("systemctl --failed --plain --no-legend") == ""
    checked = guest.run("journalctl -b --no-pager -o cat -t systemd-fsck -t fsck")
    assert "INCONSISTENCY" not in checked
    assert "in the future" not in checked


def numbered(guest: Guest) -> None:
    """Have the engine raise an alert for each numbered frame."""
    guest.run(f"cat >/var/lib/glovebox/rules.d/test.rules <<'END'\n{RULES}END")
    guest.run("sync && systemctl restart glovebox-ids-config glovebox-ids", 240)


def mark_of(guest: Guest, number: int) -> bool | None:
    """Return what is told of the time of an alert, raised now if it was not yet."""
    deadline = time.monotonic() + 60
    if not (found := stored(guest, number)):
        data = base64.b64encode(encode(frame(NUMBERED, number))).decode()
        guest.run(f"python3 -c '{SEND.format(data=data, port=TZSP_PORT)}'")
    while not (found := found or stored(guest, number)):
        assert time.monotonic() < deadline, guest.execute(
            "journalctl -b --no-pager -n 100; cat /run/glovebox/*.json"
        )[1]
        time.sleep(0.5)
    assert len(found) == 1
    mark: bool | None = found[0]["time_confirmed"]
    return mark


def stored(guest: Guest, number: int) -> list[dict[str, Any]]:
    alerts = json.loads(guest.run(f"python3 -c '{LATEST}'"))
    wanted = (sid(NUMBERED), number)
    return [each for each in alerts if (each["sid"], each["source_port"]) == wanted]


def now(guest: Guest) -> float:
    return float(guest.run("date +%s.%N"))


def is_right(guest: Guest) -> bool:
    """Tell whether the guest's clock is that of this host."""
    before = time.time()
    shown = now(guest)
    return before - NEAR_S <= shown <= time.time() + NEAR_S


def clock_set(guest: Guest) -> float | None:
    """Return when the clock was set, in seconds since the start."""
    found: float | None = json.loads(guest.run(f"cat {CLOCK}"))["clock_set"]
    return found


def wait_until_set(guest: Guest) -> None:
    deadline = time.monotonic() + SET_S
    while clock_set(guest) is None:
        assert time.monotonic() < deadline, guest.execute(
            "chronyc -n sources; chronyc tracking; ls /run/chrony-dhcp; date"
            "; systemctl status --no-pager -n 20 glovebox-clock-servers"
        )[1]
        time.sleep(1.0)


def checks(guest: Guest) -> dict[str, dict[str, Any]]:
    """Return what the supervisor says, by name."""
    health = json.loads(guest.run("cat /run/glovebox/supervisor.json"))
    return {each["name"]: each for each in health["checks"]}


def wait_for_words(guest: Guest, words: str) -> None:
    """Wait until the supervisor says this of the clock, and that it is no trouble."""
    deadline = time.monotonic() + 60
    while words not in (found := checks(guest)["clock"])["words"]:
        assert time.monotonic() < deadline, found
        time.sleep(1.0)
    assert found["level"] == "ok"


def kept(guest: Guest) -> float:
    """Return the time that is kept for the next start."""
    return float(guest.run("stat -c %Y /var/lib/glovebox/time/clock"))


def wait_until_kept(guest: Guest) -> None:
    """Wait until it follows the clock, which was set."""
    deadline = time.monotonic() + 60
    while not 0 <= kept(guest) - now(guest) <= AHEAD_S:
        assert time.monotonic() < deadline, (kept(guest), now(guest))
        time.sleep(1.0)


def assert_unset(guest: Guest, rtc: str) -> None:
    """The clock shows the best that is known, and all that tells of it says so."""
    built = float(guest.run("stat -c %Y /usr/lib/python3/dist-packages/appliance/__init__.py"))
    shown = now(guest)
    assert shown >= built
    year = time.gmtime(shown).tm_year
    assert year == 2037 if YEARS[rtc] == "2037" else shown < time.time() + NEAR_S
    assert clock_set(guest) is None
    wait_for_words(guest, "Nobody has confirmed the time")


@pytest.mark.parametrize("rtc", YEARS)
def test_without_a_network_then_with_one_then_without_power(
    image: Image, car: Segment, home: Segment, rtc: str
) -> None:
    with plugged_guest(image, car, "-rtc", f"base={rtc}") as (guest, cable):
        started(guest)
        assert_unset(guest, rtc)
        numbered(guest)
        assert mark_of(guest, 1) is False
        assert kept(guest) > now(guest)

        guest.monitor("set_link home off")
        cable.plug(home)
        guest.monitor("set_link home on")
        wait_until_set(guest)
        assert is_right(guest)
        wait_until_kept(guest)
        sources = guest.run("cat /run/chrony-dhcp/*.sources")
        assert sources == f"server {ROUTER} iburst"
        assert mark_of(guest, 2) is True
        assert mark_of(guest, 1) is False
        wait_for_words(guest, "The clock is set.")
        # The jump was that with which the clock was set.
        assert checks(guest)["clock-jump"]["level"] == "ok"
        # Who comes anew knows it from the store.
        moment = clock_set(guest)
        guest.run("systemctl restart glovebox-alerts", 60)
        assert mark_of(guest, 3) is True
        assert clock_set(guest) == moment

        last = now(guest)
        guest.cut_power()
        cable.plug(car)
        # As on a Pi, whose clock does not run without power. The file systems were in use in 2037.
        guest.power_on("-rtc", "base=1970-01-02T00:00:00")
        started(guest)
        assert last <= now(guest) <= time.time() + AHEAD_S + BOOT_SECONDS
        assert clock_set(guest) is None
        assert mark_of(guest, 4) is False
        assert [mark_of(guest, number) for number in (1, 2, 3)] == [False, True, True]


@pytest.mark.parametrize("rtc", YEARS)
def test_with_a_network_from_the_start(image: Image, home: Segment, rtc: str) -> None:
    with plugged_guest(image, home, "-rtc", f"base={rtc}") as (guest, _):
        started(guest)
        wait_until_set(guest)
        assert is_right(guest)
        numbered(guest)
        assert mark_of(guest, 1) is True
        wait_for_words(guest, "The clock is set.")
        # The network goes; the clock stays set.
        guest.monitor("set_link home off")
        deadline = time.monotonic() + SET_S
        while guest.execute("ls /run/chrony-dhcp/*.sources")[0] == 0:
            assert time.monotonic() < deadline, "the lease's servers stay"
            time.sleep(1.0)
        assert mark_of(guest, 2) is True
        assert clock_set(guest) is not None
