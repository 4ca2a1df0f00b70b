# SPDX-License-Identifier: MIT
"""What clients get: real ones and many, when the pool is full, after power cuts, under attack."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from appliance.dhcp import message
from tests.conftest import missing
from tests.net.dhcpclient import Clients, ask_dns, station_number
from tests.net.kit import Box, Segment, station_of
from tests.net.namespaces import wait_until

pytestmark = [pytest.mark.net, pytest.mark.timeout(240)]

NETWORKD = Path("/usr/lib/systemd/systemd-networkd")
HASTE = 6.0
SIZE = 250
SCRIPT = '#!/bin/sh\n[ "$1" = bound ] && env > "$FOUND.new" && mv "$FOUND.new" "$FOUND"\nexit 0\n'


@pytest.fixture
def segment() -> Iterator[Segment]:
    made = Segment()
    yield made
    made.close()


def box_in(segment: Segment, folder: Path, settings: str = "") -> Box:
    box = Box(segment.station("box"), folder, settings=settings, haste=HASTE)
    box.start()
    box.wait_for("free")
    return box


def udhcpc(segment: Segment, namespace: str, folder: Path) -> dict[str, str]:
    """Run a real client and return what it was given."""
    if not shutil.which("udhcpc"):
        missing("no udhcpc, the DHCP client")
    script, found = folder / "script", folder / "found"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    found.unlink(missing_ok=True)
    argv = ["udhcpc", "-i", "eth0", "-f", "-q", "-t", "10", "-O", "ntpsrv", "-x", "hostname:tablet"]
    process = segment.start(
        namespace, [*argv, "-s", script], env=os.environ | {"FOUND": str(found)}
    )
    assert process.wait(timeout=60) == 0
    return dict(line.split("=", 1) for line in found.read_text().splitlines() if "=" in line)


def test_a_real_client_gets_address_dns_and_time_but_no_router(
    segment: Segment, tmp_path: Path
) -> None:
    box = box_in(segment, tmp_path)
    client = segment.station("client")
    given = udhcpc(segment, client, tmp_path)
    assert IPv4Address("10.77.0.5") <= IPv4Address(given["ip"]) <= IPv4Address("10.77.0.254")
    assert (given["mask"], given["lease"]) == ("24", str(12 * 3600))
    assert given["dns"] == given["ntpsrv"] == given["serverid"] == "10.77.0.1"
    assert "router" not in given
    box.close()


def networkd(segment: Segment, namespace: str) -> dict[str, str]:
    """Run systemd's client and return the lease that it keeps (systemd-networkd.service(8))."""
    if not NETWORKD.exists():
        missing("no systemd-networkd, the DHCP client")
    folder = Path(tempfile.mkdtemp(prefix="glovebox-networkd-"))
    segment.keep(folder)
    folder.chmod(0o755)
    for name in ("network", "netif/links", "netif/leases", "netif/lldp"):
        (folder / name).mkdir(parents=True)
    for place in (folder / "netif", *(folder / "netif").iterdir()):
        shutil.chown(place, "systemd-network")
    (folder / "network" / "eth0.network").write_text("[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n")
    # With /sys read-only it does not wait for udev, which knows nothing of namespaces.
    command = f"mount --bind {folder} /run/systemd && mount -o remount,ro,bind /sys"
    argv = ["ip", "netns", "exec", namespace, "unshare", "--mount", "sh", "-c"]
    segment.start(namespace, [*argv, f"{command} && exec {NETWORKD}"])
    deadline = time.monotonic() + 60
    while not (found := list((folder / "netif/leases").iterdir())):
        assert time.monotonic() < deadline, "systemd-networkd got no lease"
        time.sleep(0.05)
    return dict(line.split("=", 1) for line in found[0].read_text().splitlines() if "=" in line)


def test_systemds_client_gets_the_same(segment: Segment, tmp_path: Path) -> None:
    box = box_in(segment, tmp_path)
    given = networkd(segment, segment.station("client"))
    assert IPv4Address("10.77.0.5") <= IPv4Address(given["ADDRESS"]) <= IPv4Address("10.77.0.254")
    assert given["NETMASK"] == "255.255.255.0"
    assert given["DNS"] == given["NTP"] == given["SERVER_ADDRESS"] == "10.77.0.1"
    assert "ROUTER" not in given
    box.close()


def test_names_are_answered_and_others_refused(segment: Segment, tmp_path: Path) -> None:
    box = box_in(segment, tmp_path)
    client = segment.station("client")
    given = udhcpc(segment, client, tmp_path)
    segment.start(client, ["ip", "address", "add", f"{given['ip']}/24", "dev", "eth0"]).wait()
    own = IPv4Address("10.77.0.1").packed
    for name in ("glovebox", "glovebox.lan", "glovebox.local"):
        assert ask_dns(client, "10.77.0.1", name) == (0, own)
    assert ask_dns(client, "10.77.0.1", "tablet.lan") == (0, IPv4Address(given["ip"]).packed)
    assert ask_dns(client, "10.77.0.1", "nobody.lan")[0] == 3
    # Refused, not "no such name": the client asks whom else it knows.
    assert ask_dns(client, "10.77.0.1", "www.example.org")[0] == 5
    (lease,) = box.wait_for_lease()
    assert (lease["address"], lease["name"]) == (given["ip"], "tablet")
    box.close()


def option(code: int, value: bytes) -> bytes:
    return bytes((code, len(value))) + value


def domain_name(name: bytes) -> bytes:
    """Return the option of a whole name as DNS writes it (RFC 4702)."""
    labels = b"".join(bytes((len(each),)) + each for each in name.split(b"."))
    return option(81, b"\x04\0\0" + labels + b"\0")


NAMINGS: dict[str, Callable[[bytes], bytes]] = {
    "host name": lambda name: option(12, name),
    "in capitals": lambda name: option(12, name.upper()),
    "with our domain": lambda name: option(12, name + b".lan"),
    "with another domain": lambda name: option(12, name + b".example.com"),
    "with a dot": lambda name: option(12, name + b"."),
    "with an end of C": lambda name: option(12, name + b"\0"),
    "in two parts": lambda name: option(12, name[:3]) + option(12, name[3:]),
    "whole name": lambda name: domain_name(name + b".lan"),
    "whole name of another domain": lambda name: domain_name(name + b".example.com"),
    "whole name alone": lambda name: domain_name(name),
    "whole name as text": lambda name: option(81, b"\0\0\0" + name + b".lan"),
    "both": lambda name: option(12, b"tablet") + domain_name(name + b".lan"),
    "both the other way round": lambda name: domain_name(b"tablet.lan") + option(12, name),
    "with one capital": lambda name: option(12, name.title()),
    "with a blank behind": lambda name: option(12, name + b" "),
    "with a blank before": lambda name: option(12, b" " + name),
    "with a line end": lambda name: option(12, name + b"\r\n"),
    "behind a zero": lambda name: option(12, b"\0" + name),
    "with two dots": lambda name: option(12, name + b".."),
    "with .local": lambda name: option(12, name + b".local"),
    "with a dot before": lambda name: option(12, b"." + name),
    "whole name, to be written by us": lambda name: option(
        81, b"\x05\0\0" + bytes((len(name),)) + name + b"\x03lan\0"
    ),
    "whole name without an end": lambda name: option(81, b"\x04\0\0" + bytes((len(name),)) + name),
    "whole name in capitals": lambda name: domain_name(name.upper() + b".LAN"),
}


def test_no_device_takes_a_name_that_is_not_its_own(segment: Segment, tmp_path: Path) -> None:
    """By no option, and in no way to write it; another name it may have."""
    box = box_in(segment, tmp_path, '[system]\nhostname = "Kiste"\n')
    clients = Clients(segment, "clients")
    segment.station("clients", "10.77.0.2/24")
    number = 1
    refused = (b"wpad", b"localhost", b"glovebox", b"kiste")
    for name in refused:
        for naming in list(NAMINGS.values())[:: 1 if name == b"wpad" else 6]:
            number += 1
            address = clients.lease(number, options=naming(name))
            assert address is not None
    for naming in (NAMINGS["host name"], NAMINGS["whole name"]):
        number += 1
        assert clients.lease(number, options=naming(b"phone")) is not None
        # Who has a name of its own asks again under another.
        assert clients.lease(number, options=naming(b"wpad")) is not None
        assert clients.lease(number, options=naming(b"phone")) is not None
    own = IPv4Address("10.77.0.1").packed
    for end in ("", ".lan"):
        assert ask_dns(clients.namespace, "10.77.0.1", f"wpad{end}")[0] != 0
        assert ask_dns(clients.namespace, "10.77.0.1", f"localhost{end}")[0] != 0
        for ours in ("glovebox", "kiste"):
            assert ask_dns(clients.namespace, "10.77.0.1", f"{ours}{end}") == (0, own)
        assert ask_dns(clients.namespace, "10.77.0.1", f"phone{end}")[0] == 0
    wait_until(lambda: len(box.report["devices"]) == number - 1, "all devices in the report")
    named = {each["name"].partition(".")[0].lower() for each in box.report["devices"]}
    assert named.isdisjoint(each.decode() for each in refused)
    assert "phone" in named
    clients.close()
    box.close()


def test_a_router_and_a_static_lease_as_set(segment: Segment, tmp_path: Path) -> None:
    client = segment.station("client")
    station = station_of(client).hex(":")
    box = box_in(
        segment, tmp_path,
        f'[dhcp]\nrouter = "10.77.0.2"\nstatic = ["{station} 10.77.0.3 tablet"]\nlease_hours = 1\n',
    )  # fmt: skip
    given = udhcpc(segment, client, tmp_path)
    assert (given["ip"], given["router"], given["lease"]) == ("10.77.0.3", "10.77.0.2", "3600")
    box.close()


def test_every_address_once_over_power_cuts_until_the_pool_is_full(
    segment: Segment, tmp_path: Path
) -> None:
    """250 clients in a row, with a power cut in between; then there is none left."""
    box = box_in(segment, tmp_path)
    clients = Clients(segment, "clients")
    given: dict[int, IPv4Address] = {}
    for number in range(1, SIZE + 1):
        address = clients.lease(number)
        assert address is not None, f"client {number} got none"
        given[number] = address
        if number == SIZE // 2:
            box.cut_power()
            box.wait_for("looking")
            box.wait_for("free")
    assert len(set(given.values())) == SIZE
    assert clients.lease(SIZE + 1, seconds=4.0) is None
    # Those who have one keep it: asked for again as after a reboot of theirs.
    for number in (1, SIZE // 2, SIZE):
        assert clients.request(number, given[number]) == given[number]
    clients.close()
    box.close()


def test_an_emptied_lease_file_gives_no_address_twice(segment: Segment, tmp_path: Path) -> None:
    """What a power cut right between emptying and writing leaves: the copy knows the leases."""
    box = box_in(segment, tmp_path)
    clients = Clients(segment, "clients")
    before = [clients.lease(number) for number in range(1, 4)]
    box.cut_power()
    box.wait_for("looking")
    box.wait_for("free")
    box.cut_power()
    (tmp_path / "state" / "eth0.leases").write_text("")
    box.wait_for("looking")
    box.wait_for("free")
    after = [clients.lease(number) for number in range(4, 10)]
    assert None not in before + after
    assert set(before).isdisjoint(after)
    clients.close()
    box.close()


def test_hostile_clients_upset_nobody(segment: Segment, tmp_path: Path) -> None:
    """Malformed and cut messages, at the guard and at dnsmasq: both stay, and go on serving."""
    box = box_in(segment, tmp_path)
    guard = box.guard
    clients = Clients(segment, "clients")
    chance = random.Random(6)
    whole = message.discover(station_number(7), 7)
    for _ in range(3000):
        data = bytearray(whole[: chance.choice((len(whole), chance.randrange(1, len(whole))))])
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        clients.send(bytes(data) + chance.randbytes(chance.randrange(200)), station_number(7))
    assert clients.lease(8, seconds=30.0) is not None
    assert box.guard is guard
    assert guard is not None
    assert guard.poll() is None
    assert box.serves
    clients.close()
    box.close()
