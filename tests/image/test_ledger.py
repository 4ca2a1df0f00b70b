# SPDX-License-Identifier: MIT
"""The ledger of the booted sensor says what was really lost, where loss is planted."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from appliance.formats.tzsp import encode
from image.demo import TZSP_PORT, page_of
from image.machine.guest import Guest
from tests.image.sensor import FLOOD, PLAIN, RULES, frame, ledger, published, sid

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

SETTLED_S = 120.0
SMALL_BUFFER = "[Socket]\nReceiveBuffer=256K\n"
DROP_IN = "/run/systemd/system/glovebox-receiver.socket.d"
RULES_FILE = "/var/lib/glovebox/rules.d/test.rules"


def send(guest: Guest, port: int, count: int, per_second: int = 1000) -> None:
    """Send so many frames, as a router would."""
    datagram = encode(frame(port))
    begin = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        for number in range(count):
            router.sendto(datagram, ("127.0.0.1", guest.host_port(TZSP_PORT)))
            ahead = begin + number / per_second - time.monotonic()
            if ahead > 0.005:
                time.sleep(ahead)


def growth(guest: Guest, before: dict[str, tuple[int, int]], stage: str) -> tuple[int, int]:
    came, lost = ledger(guest)[stage]
    return came - before[stage][0], lost - before[stage][1]


def wait(found: Callable[[], object], wanted: object) -> None:
    """Wait until a figure is what it should be."""
    deadline = time.monotonic() + SETTLED_S
    while (now := found()) != wanted:
        assert time.monotonic() < deadline, f"{now}, not {wanted}"


@pytest.fixture(autouse=True)
def alone(guest: Guest) -> Iterator[None]:
    """Keep the hourly self-test from sending its marker meanwhile."""
    guest.run("systemctl stop glovebox-selftest.timer")
    yield
    guest.run("systemctl start glovebox-selftest.timer")


def settle(guest: Guest) -> dict[str, tuple[int, int]]:
    """Return the ledger once it stands still: what was sent before has been counted everywhere."""
    deadline = time.monotonic() + SETTLED_S
    before = ledger(guest)
    quiet = time.monotonic()
    while time.monotonic() - quiet < 6.0:
        assert time.monotonic() < deadline, before
        now = ledger(guest)
        if now != before:
            before, quiet = now, time.monotonic()
    return before


def test_frames_that_a_downed_interface_refused(guest: Guest) -> None:
    send(guest, PLAIN, 1)
    before = settle(guest)
    count = 300
    # Set up again by the supervisor, or here at the end.
    guest.run("ip link set tzsp0 down")
    try:
        send(guest, PLAIN, count)
        wait(lambda: growth(guest, before, "interface"), (count, count))
    finally:
        guest.run("ip link set tzsp0 up; systemctl restart glovebox-ids", 120)
    assert published(guest, "supervisor")["first_loss"] == "interface"


@contextmanager
def numbered_rules(guest: Guest) -> Iterator[None]:
    """Have every frame of a certain kind raise an alert: those are the ones inspected."""
    guest.run(f"cat >{RULES_FILE} <<'END'\n{RULES}END")
    guest.run("systemctl restart glovebox-ids-config glovebox-ids", 120)
    try:
        yield
    finally:
        guest.run(f"rm {RULES_FILE}; systemctl restart glovebox-ids-config glovebox-ids", 120)


def alerts(guest: Guest) -> int:
    """Return how many frames of that kind have raised an alert."""
    page = page_of(guest)
    found = [each for each in page.alerts_after(0) if each["sid"] == sid(FLOOD)]
    return len(found)


@pytest.mark.long
def test_frames_that_a_stopped_engine_did_not_inspect(guest: Guest) -> None:
    with numbered_rules(guest):
        send(guest, FLOOD, 1)
        guest.run("glovebox selftest", 150)
        before, seen = settle(guest), alerts(guest)
        count = 4000
        guest.run("systemctl kill --signal=STOP glovebox-ids")
        send(guest, FLOOD, count, per_second=2000)
        guest.run("systemctl kill --signal=CONT glovebox-ids")
        # Snort counts with the next frames; these raise no alert.
        send(guest, PLAIN, 10, per_second=2)
        guest.run("glovebox selftest", 150)
        after = settle(guest)
        inspected = alerts(guest) - seen
        came = after["engine"][0] - before["engine"][0]
        lost = after["engine"][1] - before["engine"][1]
    assert 0 < inspected < count
    assert lost == count - inspected
    assert came >= count + 10


@pytest.mark.long
def test_datagrams_that_found_the_receive_buffer_full(guest: Guest) -> None:
    guest.run(f"mkdir -p {DROP_IN} && printf '{SMALL_BUFFER}' >{DROP_IN}/small.conf")
    restart = (
        "systemctl daemon-reload; systemctl restart glovebox-receiver.socket glovebox-receiver"
    )
    guest.run(restart, 60)
    try:
        send(guest, PLAIN, 1)
        before = settle(guest)
        received = published(guest, "receiver")["tally"]["datagrams_received"]
        count = 1500
        guest.run("systemctl kill --signal=STOP glovebox-receiver")
        send(guest, PLAIN, count)
        guest.run("systemctl kill --signal=CONT glovebox-receiver")
        after = settle(guest)
        got = published(guest, "receiver")["tally"]["datagrams_received"] - received
    finally:
        guest.run(f"rm -r {DROP_IN}; {restart}", 60)
    assert 0 < got < count
    assert after["socket"][1] - before["socket"][1] == count - got
    assert after["socket"][0] - before["socket"][0] == count
    assert after["interface"][0] - before["interface"][0] == got
