# SPDX-License-Identifier: MIT
"""Lines of logs in the booted image: in by UDP and TCP, seen on the page, kept over a restart."""

from __future__ import annotations

import json
import re
import time

import pytest

from image.build.context import BUILD
from image.build.image import Image
from image.demo import TZSP_PORT, page_of, wait_ready
from image.machine.guest import Forward, Guest
from image.machine.page_client import PageClient
from tests.unit.logs.conftest import a_line

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

SHOWN_S = 60.0
ATTEMPTS = re.compile(r"([\d,]+) attempts?: ")
SEND = """
import socket, sys
lines = sys.stdin.read().splitlines()
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for line in lines:
    datagrams.sendto(line.encode(), ("127.0.0.1", 514))
with socket.create_connection(("127.0.0.1", 514)) as made:
    made.sendall("".join(f"{line}\\n" for line in lines).encode())
"""
VISITS = [
    {"eventid": "cowrie.login.success", "src_ip": "198.51.100.7", "session": "aa",
     "username": "root", "password": "guest test"},
    {"eventid": "cowrie.direct-tcpip.request", "src_ip": "198.51.100.7", "session": "aa",
     "dst_ip": "mail.guest.example", "dst_port": 25},
]  # fmt: skip
RECEIVED = "grep -o '\"received\":[0-9]*' /run/glovebox/logs.json | grep -o '[0-9]*$'"


def send(guest: Guest, *lines: str) -> None:
    """Send lines in the guest to itself, each as a datagram and by TCP, until all have arrived."""
    before = int(guest.run(RECEIVED))
    text = "\n".join(lines)
    guest.run(f"cat > /run/send.py <<'END'\n{SEND}\nEND")
    guest.run(f"python3 /run/send.py <<'END'\n{text}\nEND")
    wanted = before + 2 * len(lines)
    guest.run(
        f"cat > /run/wait.sh <<'END'\nuntil [ $({RECEIVED}) -ge {wanted} ]\ndo sleep 0.2\ndone\nEND"
    )
    guest.run("timeout 60 sh /run/wait.sh", 90)


def attempts(page: PageClient) -> int:
    """Return how many attempts the page shows today."""
    found = ATTEMPTS.search(page.read("fireplot").decode())
    return int(found[1].replace(",", "")) if found else 0


def wait_for_attempts(page: PageClient, count: int) -> None:
    """Wait until the page shows so many: it sees what came within a second of that."""
    end = time.monotonic() + SHOWN_S
    while (shown := attempts(page)) != count:
        assert time.monotonic() < end, f"{shown} attempts are shown"
        time.sleep(0.2)


def test_lines_are_seen_on_the_page_and_kept(guest: Guest, page: PageClient) -> None:
    before = attempts(page)
    send(guest, *(a_line(port, "203.0.113.77") for port in (22, 4711)))
    guest.run("systemctl restart glovebox-logs")
    wait_for_attempts(page, before + 4)
    shown = page.read("fireplot").decode()
    assert "203.0.113.77" in shown and "TCP 4711" in shown
    found = re.search(r'src="/(fireplot/[\d-]+\.svg)"', shown)
    assert found and b'class="tcp"' in page.read(found[1])
    assert guest.run("ls /var/lib/glovebox/logs").split()[-1].endswith(".packets")


def test_the_honeypots_day_is_drawn(guest: Guest, page: PageClient) -> None:
    send(guest, *map(json.dumps, VISITS))
    guest.run("systemctl start glovebox-glow.service", 120)
    shown = page.read("honeypot").decode()
    assert "root / guest test" in shown and "mail.guest.example:25" in shown
    found = re.search(r'src="/(honeypot/[\d-]+\.svg)"', shown)
    assert found and b"mail.guest.example" in page.read(found[1])


def test_strangers_find_the_port_closed(guest: Guest) -> None:
    """Nobody's logs are taken in an image that is given no router."""
    assert "514" not in guest.run("nft list chain inet glovebox input")


@pytest.mark.long
def test_a_power_cut_costs_what_was_not_on_the_card_yet(image: Image) -> None:
    """A restart of the service stands in for the ten minutes; the machine is a fresh one."""
    with Guest(image, BUILD, [Forward("udp", TZSP_PORT), Forward("tcp", 80)]) as machine:
        wait_ready(machine)
        send(machine, *(a_line(port) for port in (22, 23)))
        machine.run("systemctl restart glovebox-logs")
        send(machine, a_line(443))
        wait_for_attempts(page_of(machine), 6)
        machine.cut_power()
        machine.power_on()
        wait_ready(machine)
        assert attempts(page_of(machine)) == 4
        send(machine, a_line(443))
        wait_for_attempts(page_of(machine), 6)
