# SPDX-License-Identifier: MIT
"""Have an image of before work for an owner, and pack what its DATA partition holds then.

Runs in a checkout of the commit that the image is of (make.sh beside this file), and so uses the
names that were good there. Needs root, for the network of the car.

The first start is at home: the owner sets a password, a router streams an attack, and the machine
is shut down. The second is in a car: a tablet gets an address, further alerts come, and what the
partition holds then is packed, with no service told to stop: as when the power goes.
"""

# ruff: noqa: I001 (modules of that commit, which are not here)

from __future__ import annotations

import base64
import gzip
import json
import lzma
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.capture.tzsp import encode
from image import boards, shell
from image.build import Build, Image
from image.demo import SHIPPED, TZSP_PORT, play
from image.guest import Forward, Guest
from image.owner import Owner
from image.progress import Progress
from image.stages import BUILD
from tests.image.boot import prepared, started
from tests.image.cable import BOOT_SECONDS, Cable
from tests.image.sensor import NUMBERED, frame, sid
from tests.net.dhcpclient import Clients
from tests.net.kit import Segment

PASSWORD = "the password of before"
SETTINGS = """\
# As it was written on a PC, for the image of before.
[system]
hostname = "oldbox"
timezone = "Asia/Tokyo"
[ssh]
keys = ["{key}"]
[alerts]
keep = 12345
[web]
title = "The old box"
[dhcp]
static = ["02:77:00:00:00:09 10.77.0.99 tablet"]
"""
RULES = f"""\
alert udp any any -> any {NUMBERED} (msg:"OWNER of before"; priority:3; sid:{sid(NUMBERED)}; rev:1;)
"""
FURTHER = 5
SEND = """
import base64, socket
data = base64.b64decode("{data}")
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(data, ("127.0.0.1", {port}))
"""
COUNT = "from appliance.ids.store import AlertReader; print(AlertReader().count())"
# Nothing is written meanwhile: as at the moment when the power goes.
PACK = """
fsfreeze --freeze /var/lib/glovebox
tar -C /var/lib/glovebox --numeric-owner --sort=name --exclude=./lost+found -cf - . |
    gzip | base64 -w0
fsfreeze --unfreeze /var/lib/glovebox
"""
PATIENCE_S = 180.0
# A host that has other things to do takes its time for the start.
shell.BOOT_SECONDS = 600.0


def main(target: Path) -> None:
    """Write the tar of DATA, compressed by xz, to `target`."""
    image = Build(boards.choose("vm"), Progress()).image()
    with tempfile.TemporaryDirectory(dir=BUILD) as name:
        folder = Path(name)
        card = prepared(image, folder, {"glovebox.toml": settings(folder)})
        disk = folder / "card.qcow2"
        at_home(card, disk)
        target.write_bytes(lzma.compress(in_the_car(card, disk), preset=9))


def settings(folder: Path) -> bytes:
    """Return the owner's file, with an SSH key that nobody has any more."""
    key = folder / "id"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "owner", "-f", str(key)]
    subprocess.run(argv, check=True)
    return SETTINGS.format(key=key.with_suffix(".pub").read_text().strip()).encode()


def at_home(card: Image, disk: Path) -> None:
    """Give it a password, rules and alerts, and shut it down."""
    forwards = [Forward("udp", TZSP_PORT), Forward("tcp", 80), Forward("tcp", 22)]
    with Guest(card, BUILD, forwards, disk=disk) as guest:
        started(guest)
        owner = Owner(f"http://127.0.0.1:{guest.host_port(80)}/")
        assert owner.set_up(PASSWORD), "the page takes no password"
        rules = base64.b64encode(RULES.encode()).decode()
        guest.run(f"echo {rules} | base64 -d >/var/lib/glovebox/rules.d/owner.rules")
        play(guest, SHIPPED, 500)
        print("alerts at home:", count(guest), file=sys.stderr)
        guest.run("test -s /var/lib/glovebox/ssh/ssh_host_ed25519_key")
        guest.run("systemctl poweroff --no-block")
        process = guest._process
        assert process is not None
        assert process.wait(PATIENCE_S) == 0


def in_the_car(card: Image, disk: Path) -> bytes:
    """Give a tablet an address, raise further alerts, and return DATA as a tar."""
    car = Segment()
    with plugged(card, disk, car) as guest:
        guest.execute("true", BOOT_SECONDS)
        guest.run("systemctl start glovebox-ids glovebox-alerts", BOOT_SECONDS)
        wait(lambda: reason(guest) == "free")
        clients = Clients(car, "clients")
        assert clients.lease(1, seconds=60.0), "the tablet gets no address"
        clients.close()
        before = count(guest)
        for number in range(1, 1 + FURTHER):
            data = base64.b64encode(encode(frame(NUMBERED, number))).decode()
            guest.run(f"python3 -c '{SEND.format(data=data, port=TZSP_PORT)}'")
        wait(lambda: count(guest) >= before + FURTHER)
        guest.run("systemctl start glovebox-clock.service")
        packed = guest.run(PACK, 120)
    car.close()
    return gzip.decompress(base64.b64decode(packed))


@contextmanager
def plugged(card: Image, disk: Path, car: Segment) -> Iterator[Guest]:
    """Start the card in a car."""
    cable = Cable(Path())
    guest = Guest(card, BUILD, network=cable.address, disk=disk)
    cable.guest = guest.address
    cable.plug(car)
    cable.start()
    try:
        with guest:
            yield guest
    finally:
        cable.close()


def reason(guest: Guest) -> str:
    status, said = guest.execute("cat /run/glovebox/dhcp-eth0.json")
    values: dict[str, Any] = {} if status else json.loads(said)
    return str(values.get("reason"))


def count(guest: Guest) -> int:
    return int(guest.run(f"python3 -c '{COUNT}'"))


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(1.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
