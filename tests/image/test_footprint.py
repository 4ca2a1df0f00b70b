# SPDX-License-Identifier: MIT
"""What the sensor takes and shows when nothing happens: memory, writes to the card, open ports.

The machine has 512 MB, as a Pi Zero 2 W or the smallest Pi 3 has.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.build.image import Image
from image.machine.guest import Guest
from image.release import artefacts
from tests.conftest import PROJECT
from tests.image.cable import BOOT_SECONDS, plugged_guest
from tests.net.kit import Segment, foreign_dnsmasq

pytestmark = [pytest.mark.long, pytest.mark.image, pytest.mark.timeout(4000)]

MEMORY_MIB, OURS_MIB = 512, 256
# What people fetch. Their images, for the Pi, have firmware besides.
PACKED_BYTES = 190_000_000
WRITES_PER_HOUR = 2 << 20
# Settled: what the start wrote late is not what an idle sensor writes.
SETTLED_S = 120.0
IDLE_S = float(os.environ.get("GLOVEBOX_IDLE_SECONDS", "1800"))
# Without settings it is at home: no key for SFTP, nobody to give addresses, names or time to.
LISTENS = {("tcp", 80), ("tcp", 8200), ("udp", 37008), ("udp", 1900), ("udp", 5353)}
# minidlna hears only what is sent to SSDP's group there, which no scan of an address does.
TO_A_GROUP = ("udp", 1900)
# What an emulated machine answers without losing any.
PROBES_PER_SECOND = "300"
# Proportional set sizes (proc_pid_smaps_rollup(5)) of the processes in each control group.
MEMORY = """
import collections, json, pathlib, re
sizes = collections.Counter()
for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        group = (process / "cgroup").read_text().rsplit("/", 1)[1].strip()
        found = re.search("^Pss: +([0-9]+)", (process / "smaps_rollup").read_text(), re.M)
    except OSError:
        continue
    sizes[group] += int(found[1]) if found else 0
print(json.dumps(sizes))
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Segment]:
    """Return a home, with a router that gives addresses."""
    made = Segment()
    foreign_dnsmasq(made, made.station("router", "192.168.88.1/24"))
    made.station("scanner", "192.168.88.9/24")
    yield made
    made.close()


@pytest.fixture(scope="module")
def machine(image: Image, home: Segment) -> Iterator[Guest]:
    """Boot a small machine in the home; nothing is streamed to it."""
    with plugged_guest(image, home, "-m", str(MEMORY_MIB)) as (guest, _):
        guest.execute("systemctl is-system-running --wait", BOOT_SECONDS)
        guest.run("glovebox selftest --seconds 60", BOOT_SECONDS)
        yield guest


def test_small_machine_has_all_it_needs(machine: Guest) -> None:
    assert int(machine.run("awk '/MemTotal/ {print $2}' /proc/meminfo")) < MEMORY_MIB << 10
    assert machine.run("systemctl --failed --plain --no-legend") == ""
    assert "Out of memory" not in machine.run("dmesg")


def test_memory_of_ours_and_the_engine(machine: Guest) -> None:
    machine.run(f"cat >/run/memory.py <<'END'\n{MEMORY}END")
    sizes: dict[str, int] = json.loads(machine.run("python3 /run/memory.py"))
    ours = {unit: kib >> 10 for unit, kib in sizes.items() if unit.startswith("glovebox-")}
    print(f"MiB: {ours}, together {sum(ours.values())}")
    assert {"glovebox-ids.service", "glovebox-web.service"} <= ours.keys()
    assert sum(ours.values()) <= OURS_MIB


def test_image_is_small_to_fetch(image: Image, tmp_path: Path) -> None:
    packed = tmp_path / "disk.img.xz"
    artefacts.compress(image.tools, image.disk, packed, tmp_path / "log")
    print(f"{packed.stat().st_size / 1e6:.0f} MB")
    assert packed.stat().st_size <= PACKED_BYTES


def documented() -> set[tuple[str, int]]:
    """Return the ports of the table in docs/owner/firewall.md."""
    table = (PROJECT / "docs/owner/firewall.md").read_text()
    rows = re.findall(r"^\| (\d+) \| ([A-Z, ]+) \|", table, re.MULTILINE)
    return {(each.lower(), int(port)) for port, kinds in rows for each in kinds.split(", ")}


def scan(machine: Guest, home: Segment, *words: str) -> set[tuple[str, int]]:
    """Scan all ports of the machine from another one, and return those that are open."""
    shown = json.loads(machine.run("ip -j -4 addr show eth0 scope global"))
    address = shown[0]["addr_info"][0]["local"]
    argv = ["ip", "netns", "exec", home.station("scanner"), "nmap", "-n", "-Pn",
            "-p-", "-T4", "--max-retries", "4", "--min-rate", PROBES_PER_SECOND, "-oX", "-", *words,
            address]  # fmt: skip
    printed = subprocess.run(argv, capture_output=True, text=True, timeout=1500, check=True).stdout
    # What is too much to list: then nobody knows which of them are open.
    assert 'extraports state="open|filtered"' not in printed
    return {
        (port.attrib["protocol"], int(port.attrib["portid"]))
        for port in ElementTree.fromstring(printed).iter("port")
        if port.find("state[@state='open']") is not None
        or port.find("state[@state='open|filtered']") is not None
    }


def announcing(machine: Guest) -> set[tuple[str, int]]:
    """Return the port of the kernel's choice from which minidlna announces itself."""
    sockets = machine.run("ss -H -l -n -u -p").splitlines()
    mine = (line.split()[3] for line in sockets if '"minidlnad"' in line)
    return {("udp", int(address.rpartition(":")[2])) for address in mine}


def test_open_ports_are_the_documented_ones(machine: Guest, home: Segment) -> None:
    found = scan(machine, home, "-sS")
    assert found == {port for port in LISTENS if port[0] == "tcp"}


def test_nothing_hides_behind_the_firewall(machine: Guest, home: Segment) -> None:
    """Who listens, seen from outside, with the firewall open: a refusal says that nobody does."""
    machine.run("nft flush ruleset")
    limits = ("ratelimit=0", "msgs_per_sec=100000", "msgs_burst=100000")
    machine.run("sysctl -q " + " ".join(f"net.ipv4.icmp_{limit}" for limit in limits))
    try:
        found = scan(machine, home, "-sS", "-sU")
    finally:
        machine.run("systemctl restart glovebox-firewall", 120)
    assert found >= LISTENS - {TO_A_GROUP}
    assert "239.255.255.250:1900" in machine.run("ss -H -l -n -u")
    assert found - announcing(machine) <= documented()


def test_idle_sensor_hardly_writes(machine: Guest) -> None:
    time.sleep(SETTLED_S)
    begin, wrote = time.monotonic(), written(machine)
    time.sleep(IDLE_S)
    an_hour = (written(machine) - wrote) * 3600 / (time.monotonic() - begin)
    print(f"{an_hour / (1 << 20):.2f} MiB an hour")
    assert an_hour <= WRITES_PER_HOUR


def written(machine: Guest) -> int:
    """Return how many bytes the machine has written to its disk, by QEMU's count."""
    with machine.qmp() as monitor:
        return sum(each["stats"]["wr_bytes"] for each in monitor.execute("query-blockstats"))
