# SPDX-License-Identifier: MIT
"""Devices that come from home and ask in the car for the address that they had: real clients."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.dhcp.message import Kind
from tests.conftest import missing
from tests.net.kit import Box, Segment, foreign_dnsmasq, station_of
from tests.net.namespaces import wait_until

pytestmark = [pytest.mark.net, pytest.mark.timeout(120)]

HOME, HASTE = "192.168.88.", 6.0


@pytest.fixture
def segment() -> Iterator[Segment]:
    made = Segment()
    yield made
    made.close()


class Device:
    """A client program that keeps its lease in a folder, as the device does over a restart."""

    def __init__(self, segment: Segment, program: str, folder: Path) -> None:
        self.namespace = segment.station("client")
        self._segment, self._folder = segment, folder
        self._argv = {
            "dhclient": self._dhclient, "dhcpcd": self._dhcpcd, "udhcpc": self._udhcpc,
        }[program]()  # fmt: skip
        if not shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin"):
            missing(f"no {program}, the DHCP client")

    def _dhclient(self) -> list[object]:
        files = ["-lf", self._folder / "leases", "-pf", self._folder / "pid"]
        return ["dhclient", "-d", "-4", "-sf", "/bin/true", *files, "eth0"]

    def _dhcpcd(self) -> list[object]:
        # Its places are fixed, so it gets them for itself.
        places = " && ".join(
            f"mkdir -p {place} && mount -t tmpfs none {place}" for place in ("/run", "/tmp")
        )
        kept = self._folder / "kept"
        kept.mkdir()
        command = f"mkdir -p /var/lib/dhcpcd && mount --bind {kept} /var/lib/dhcpcd && {places}"
        run = "exec dhcpcd -4 -A -B -K -f /dev/null --script /bin/true eth0"
        return ["unshare", "--mount", "sh", "-c", f"{command} && {run}"]

    def _udhcpc(self) -> list[object]:
        # It keeps none: whoever starts it tells it the address.
        return ["udhcpc", "-f", "-i", "eth0", "-s", "/bin/true", "-r", f"{HOME}150"]

    def keeps_a_lease(self) -> bool:
        """Tell whether it would know its address after a cut of power."""
        if self._argv[0] == "udhcpc":
            return True
        files = (*self._folder.glob("leases"), *self._folder.glob("kept/**/*.lease"))
        return any(file.stat().st_size > 0 for file in files)

    def start(self) -> subprocess.Popen[bytes]:
        env = os.environ | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
        return self._segment.start(self.namespace, self._argv, env=env)


@pytest.mark.parametrize(
    "program",
    [
        "dhclient",
        pytest.param("dhcpcd", marks=pytest.mark.long),
        pytest.param("udhcpc", marks=pytest.mark.long),
    ],
)
def test_a_device_from_home_gets_an_address(segment: Segment, tmp_path: Path, program: str) -> None:
    """It asks for the one it had, and is refused once no other server was heard.

    udhcpc mentions it, but begins anew by itself. The seconds are printed.
    """
    device = Device(segment, program, tmp_path)
    home = foreign_dnsmasq(segment, segment.station("home", f"{HOME}1/24"))
    witness = segment.witness("client")
    at_home = device.start()
    (given, *_) = witness.wait_for(Kind.ACK)
    assert given.message is not None
    assert str(given.message.address).startswith(HOME)
    wait_until(device.keeps_a_lease, "its lease is kept")
    at_home.kill()
    home.kill()
    home.wait()
    box = Box(segment.station("box"), tmp_path)
    box.start()
    box.wait_for("free")
    started = time.monotonic()
    device.start()
    answered = witness.wait_for(Kind.ACK, count=2)[1]
    assert answered.message is not None
    assert str(answered.message.address).startswith("10.77.0.")
    asked = min(
        each.time for each in witness.seen()
        if each.station == station_of(device.namespace) and each.time > started
    )  # fmt: skip
    print(f"{program}: an address after {answered.time - asked:.1f} s")
    refused = [each.station for each in witness.seen(Kind.NAK)]
    assert refused == ([] if program == "udhcpc" else [box.station])
    witness.close()
    box.close()


@pytest.mark.long
def test_a_device_is_refused_nothing_where_a_server_was_heard(
    segment: Segment, tmp_path: Path
) -> None:
    """A server that answers known devices alone is heard of once, and seems to be gone later."""
    device = Device(segment, "dhclient", tmp_path)
    known = f"--dhcp-host={station_of(device.namespace).hex(':')},set:known"
    home = segment.station("home", f"{HOME}1/24")
    foreign_dnsmasq(segment, home, known, "--dhcp-ignore=tag:!known")
    box = Box(segment.station("box"), tmp_path, haste=HASTE)
    box.start()
    box.wait_for("free")
    witness = segment.witness("client")
    first = device.start()
    witness.wait_for(Kind.ACK)
    wait_until(device.keeps_a_lease, "its lease is kept")
    first.kill()
    box.wait_for("foreign")
    box.wait_for("free")
    device.start()
    asked = witness.wait_for(Kind.REQUEST, count=2)[1]
    assert asked.message is not None
    assert asked.message.server is None
    witness.wait_for(Kind.ACK, count=2)
    # Twice as long as it would have waited.
    with pytest.raises(TimeoutError):
        witness.wait_for(Kind.NAK, seconds=4.0 / HASTE)
    assert witness.from_server(box.station) == []
    witness.close()
    box.close()
