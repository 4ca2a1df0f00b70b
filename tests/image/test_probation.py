# SPDX-License-Identifier: MIT
"""An address that cuts the machine off: the last network that worked comes back by itself.

QEMU's network, as a home has it, gives addresses by DHCP and answers at 10.0.2.2 alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from appliance.probation.policy import LIMIT_S
from image.build.context import BUILD
from image.build.image import Image
from image.demo import page_of
from image.machine.guest import Forward, Guest
from tests.image import boot

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(2400)]

AWAY = (
    b'[system]\r\nhostname = "box"\r\n'
    b'[wired]\r\naddresses = ["10.9.9.9/24"]\r\ngateways = ["10.9.9.1"]\r\n'
)
PROGRESS = "/var/lib/glovebox/probation/progress.json"
STATUS = "/run/glovebox/probation.json"
ERRORS = "/boot/firmware/glovebox-errors.txt"
PATIENCE_S = 300


@pytest.fixture
def machine(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), {"glovebox.toml": AWAY})
    with Guest(card, BUILD, [Forward("tcp", 80)]) as guest:
        guest.execute("systemctl is-system-running --wait", 600)
        yield guest


def wait(guest: Guest, condition: str) -> None:
    """Wait until a command of the guest succeeds."""
    guest.run(f"until {condition}; do sleep 1; done", PATIENCE_S)


def addresses(guest: Guest) -> str:
    return guest.run("ip -brief -4 address show eth0")


def trial(guest: Guest) -> dict[str, object]:
    wait(guest, f"grep -q pending {STATUS}")
    found = json.loads(guest.run("cat /run/glovebox-settings/on-trial.json"))
    return {str(key): value for key, value in found.items()}


def almost_over(guest: Guest) -> None:
    """Have the power cut when seconds are left of the ten minutes; boot again."""
    attempt = trial(guest)["attempt"]
    told = json.dumps({"attempt": attempt, "spent": LIMIT_S - 10, "verdict": "pending"})
    guest.run("systemctl stop glovebox-probation")
    guest.run(f"printf %s '{told}' > {PROGRESS} && chown glovebox-probation:glovebox {PROGRESS}"
              " && sync")  # fmt: skip
    guest.cut_power()
    guest.power_on()
    guest.execute("true", 600)


def test_a_network_that_cuts_itself_off_comes_back(machine: Guest) -> None:
    assert "10.9.9.9/24" in addresses(machine)
    almost_over(machine)
    wait(machine, f"grep -q '\\[wired\\]' {ERRORS}")
    wait(machine, "ip -brief -4 address show eth0 | grep -q 10.0.2.15")
    assert "10.9.9.9" not in addresses(machine)
    assert machine.run("cat /proc/sys/kernel/hostname") == "box"
    # The owner reaches the page again, which says what was wrong; so does the supervisor.
    status = reached(machine)
    assert "10.0.2.15" in json.dumps(status)
    told = json.loads(machine.run("cat /run/glovebox/settings.json"))["problems"]
    assert len(told) == 1 and told[0].startswith("[wired]: ")
    wait(machine, "glovebox status | grep -q 'no gateway answered'")
    assert machine.run("systemctl --failed --plain --no-legend") == ""
    # At the next start it is not tried again.
    machine.cut_power()
    machine.power_on()
    machine.execute("systemctl is-system-running --wait", 600)
    wait(machine, "ip -brief -4 address show eth0 | grep -q 10.0.2.15")
    assert machine.execute("test -e /run/glovebox-settings/on-trial.json")[0] == 1
    assert "10.9.9.9/24" in machine.run("cat /boot/firmware/glovebox.toml")


def reached(guest: Guest) -> object:
    """Return the page's answer, once the cable carries one."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return page_of(guest).get("/api/status")
        except (OSError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def test_a_gateway_that_answers_keeps_the_settings(
    image: Image, tmp_path_factory: pytest.TempPathFactory
) -> None:
    right = AWAY.replace(b"10.9.9.9", b"10.0.2.15").replace(b"10.9.9.1", b"10.0.2.2")
    card = boot.prepared(image, tmp_path_factory.mktemp("card"), {"glovebox.toml": right})
    with Guest(card, BUILD, [Forward("tcp", 80)]) as guest:
        guest.execute("systemctl is-system-running --wait", 600)
        wait(guest, f"grep -q 10.0.2.2 {STATUS}")
        assert json.loads(guest.run(f"cat {PROGRESS}"))["verdict"] == "works"
        guest.run("systemctl restart glovebox-settings")
        kept = json.loads(guest.run("cat /var/lib/glovebox/settings/network.json"))
        assert kept["good"]["wired"]["gateways"] == ["10.0.2.2"] and kept["attempt"] is None
