# SPDX-License-Identifier: MIT
"""Flows of real exporters against Debian's nfdump, and the service as a process."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.flows.host_reader import HostReader
from appliance.flows.records import Flows, address
from appliance.reports.flows import FlowsReport
from tests.conftest import PROJECT, missing
from tests.net.namespaces import wait_until
from tests.unit.flows.exporting import (
    NOW_MS,
    UPTIME_MS,
    Receiving,
    flow_set,
    ipfix,
    record,
    template,
    v5,
    v5_record,
    v9,
)

GLOVEBOX = str(Path(sys.executable).with_name("glovebox"))
SIX = ((27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (2, 8), (1, 8), (22, 4), (21, 4))
FOUR = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (2, 4), (1, 4), (22, 4), (21, 4))
# In IPFIX times are told since the epoch here.
EPOCH = {22: (152, 8), 21: (153, 8)}
Sums = dict[str, tuple[int, int, int]]
"""By address: flows, packets, bytes."""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def waiting_bytes(port: int) -> int | None:
    """Return the bytes that wait at a port, None where no socket is (proc_net(5))."""
    rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    found = [row[4] for row in rows if int(row[1].rpartition(":")[2], 16) == port]
    return sum(int(each.rpartition(":")[2], 16) for each in found) if found else None


def send(port: int, datagrams: Sequence[bytes]) -> None:
    """Send datagrams, never more than the socket has room for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        for index, each in enumerate(datagrams):
            sender.send(each)
            if index % 32 == 31:
                wait_until(lambda: waiting_bytes(port) == 0, "the datagrams are read")
    wait_until(lambda: waiting_bytes(port) == 0, "the last datagrams are read")


def nfdump(folder: Path, datagrams: Sequence[bytes]) -> tuple[Sums, Sums]:
    """Return what nfcapd and nfdump make of datagrams, by source and by destination."""
    for program in ("nfcapd", "nfdump"):
        if not shutil.which(program):
            missing(f"no {program}")
    port, files = free_port(), folder / "files"
    files.mkdir()
    argv = ["nfcapd", "-w", str(files), "-p", str(port), "-b", "127.0.0.1", "-t", "3600"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    wait_until(lambda: waiting_bytes(port) is not None, "nfcapd listens")
    send(port, datagrams)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, (folder / "log").read_text()
    return _statistics(files, "srcip"), _statistics(files, "dstip")


def _statistics(folder: Path, by: str) -> Sums:
    argv = ["nfdump", "-q", "-N", "-R", str(folder), "-s", f"{by}/bytes", "-n", "0", "-o", "csv"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    head = next(index for index, line in enumerate(lines) if line.startswith("ts,"))
    names = lines[head].split(",")
    at = [names.index(name) for name in ("val", "fl", "pkt", "byt")]
    rows = (line.split(",") for line in lines[head + 1 :] if line.count(",") >= len(names) - 1)
    found: Sums = {}
    for row in rows:
        value, *numbers = (row[index] for index in at)
        found[str(ip_address(value))] = (int(numbers[0]), int(numbers[1]), int(numbers[2]))
    return found


def ours(datagrams: Sequence[bytes]) -> tuple[Sums, Sums]:
    """Return what the collector makes of the same, in batches of eight."""
    receiving = Receiving()
    parts = [
        receiving.take(*datagrams[at : at + 8], arrival=_told(datagrams[at]))
        for at in range(0, len(datagrams), 8)
    ]
    return _sums(parts, "src"), _sums(parts, "dst")


def _told(datagram: bytes) -> int:
    return int.from_bytes(datagram[4:8] if datagram[1] == 10 else datagram[8:12]) * 1000


def _sums(parts: Sequence[Flows], side: str) -> Sums:
    flows: Counter[str] = Counter()
    packets: Counter[str] = Counter()
    octets: Counter[str] = Counter()
    for part in parts:
        for each in part:
            key = str(address(each[f"{side}_hi"], each[f"{side}_lo"]))
            flows[key] += 1
            packets[key] += int(each["packets"])
            octets[key] += int(each["bytes"])
    return {key: (flows[key], packets[key], octets[key]) for key in flows}


def made(version: int, count: int = 4000) -> list[bytes]:
    """Return datagrams of a router with made flows, some 20 in each; IPv6 but in version 5."""
    chance = random.Random(version)
    datagrams: list[bytes] = []
    sequence = 0
    while count > 0:
        many = min(count, chance.randint(1, 24))
        count -= many
        if version == 5:
            datagrams.append(v5(*(_v5(chance) for _ in range(many)), sequence=sequence))
            sequence += many
            continue
        fields = [tuple(EPOCH.get(each[0], each) if version == 10 else each for each in family)
                  for family in (FOUR, SIX)]  # fmt: skip
        four = many - many // 3
        sets = [
            flow_set(256, b"".join(_record(chance, fields[0]) for _ in range(four))),
            flow_set(257, b"".join(_record(chance, fields[1]) for _ in range(many - four))),
        ]
        if len(datagrams) % 20 == 0:
            known = template(256, fields[0]) + template(257, fields[1])
            sets.insert(0, flow_set(0 if version == 9 else 2, known))
        encode = v9 if version == 9 else ipfix
        datagrams.append(encode(*sets, sequence=sequence))
        sequence += 1 if version == 9 else many
    return datagrams


def _v5(chance: random.Random) -> bytes:
    packets = chance.randint(1, 1000)
    found = bytearray(v5_record(packets * chance.randint(40, 1500), packets))
    found[2:4] = chance.randrange(300).to_bytes(2)
    found[6:8] = chance.randrange(300).to_bytes(2)
    return bytes(found)


def _record(chance: random.Random, fields: Sequence[tuple[int, int]]) -> bytes:
    packets = chance.randint(1, 1000)
    far, near = chance.randrange(300), chance.randrange(300)
    started = UPTIME_MS - chance.randint(5000, 60_000)
    return record(
        fields, f8=0x0A000000 | near, f12=0xC0000000 | far, f27=0xFD << 120 | near,
        f28=0x2001 << 112 | far, f2=packets, f1=packets * chance.randint(40, 1500), f22=started,
        f152=NOW_MS - UPTIME_MS + started, f153=NOW_MS - 1000,
    )  # fmt: skip


@pytest.mark.parametrize("version", [5, 9, 10])
def test_every_address_is_as_nfdump_has_it(tmp_path: Path, version: int) -> None:
    datagrams = made(version)
    theirs, found = nfdump(tmp_path, datagrams), ours(datagrams)
    assert sum(each[0] for each in found[0].values()) == 4000
    assert found == theirs


@pytest.mark.parametrize("version", [5, 9, 10])
def test_a_real_exporter_is_understood_as_nfdump_does(tmp_path: Path, version: int) -> None:
    if not shutil.which("softflowd"):
        missing("no softflowd")
    datagrams = exported(tmp_path, version)
    folder = tmp_path / "nfdump"
    folder.mkdir()
    theirs, found = nfdump(folder, datagrams), ours(datagrams)
    assert len(found[0]) > 2
    assert found == theirs


def exported(tmp_path: Path, version: int) -> list[bytes]:
    """Return what softflowd exports of the packets of a capture."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        port = collector.getsockname()[1]
        argv = ["softflowd", "-r", str(PROJECT / "tests/captures/demo.pcap"), "-d", "-v",
                str(version), "-n", f"127.0.0.1:{port}", "-p", str(tmp_path / "pid"),
                "-c", "none"]  # fmt: skip
        subprocess.run(argv, capture_output=True, check=True, timeout=60)
        collector.setblocking(False)
        found = []
        # It has ended: all that it sent is here.
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(collector.recv(65536))
    return found


@contextlib.contextmanager
def service(folder: Path, port: int, config: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Run the service as a process; it ends by SIGTERM, with status 0."""
    argv = [GLOVEBOX, "flows", "--listen", f"127.0.0.1:{port}",
            "--templates", str(folder / "templates.json"),
            "--database", str(folder / "hosts.db")]  # fmt: skip
    variables = {"GLOVEBOX_RUNTIME_DIRECTORY": str(folder), "GLOVEBOX_CONFIG": config}
    process = subprocess.Popen(argv, env=os.environ | variables)
    try:
        wait_until(lambda: waiting_bytes(port) is not None, "the service listens")
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def report(folder: Path) -> FlowsReport:
    found = FlowsReport.read(folder)
    assert found is not None
    return found


def test_templates_outlive_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with service(tmp_path, port):
        send(port, [v9(flow_set(0, template()))])
    assert (tmp_path / "templates.json").stat().st_mode & 0o777 == 0o640
    # From the same port, as a router sends.
    (tmp_path / "flows.json").unlink()
    with service(tmp_path, port):
        send(port, [b"\0\7", v9(flow_set(300, record()), sequence=1)])
    found = report(tmp_path)
    assert (found.total.received, found.total.unsupported, found.templates) == (2, 1, 1)
    assert found.waiting == 1


def test_a_process_takes_what_comes_and_says_so_each_second(tmp_path: Path) -> None:
    port, datagrams = free_port(), made(9)
    with service(tmp_path, port):
        begun = time.time()
        send(port, datagrams)
        wait_until(
            lambda: (each := FlowsReport.read(tmp_path)) is not None and each.updated > begun
            and each.total.kept == 4000, "all flows are told of"
        )  # fmt: skip
        found = report(tmp_path)
    assert found.total.received == found.total.decoded == len(datagrams)
    assert (found.total.lost, found.waiting, found.socket_overflow) == (0, 0, 0)
    assert found.exporters[0].address == "127.0.0.1"
    # The last totals are stored when it ends: every byte is of some host.
    sums = HostReader(tmp_path / "hosts.db").hosts(0, 1 << 40)
    mine, _ = ours(datagrams)
    assert sum(each.both for each in sums.values()) == sum(each[2] for each in mine.values())
    assert found.bytes_in + found.bytes_out == sum(each.both for each in sums.values())


ROUTER, STRANGER = "127.0.0.2", "127.0.0.3"


def test_a_flood_of_a_stranger_fills_no_queue_of_the_routers(tmp_path: Path) -> None:
    """It comes while the service has no time, and before what the router sends."""
    port = free_port()
    settings = tmp_path / "glovebox.toml"
    settings.write_text(f'[flows]\nexporters = ["{ROUTER}"]\n')
    with service(tmp_path, port, str(settings)) as process, contextlib.ExitStack() as stack:
        wait_until(lambda: FlowsReport.read(tmp_path) is not None, "it takes what comes")
        router, stranger = (
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2)
        )
        for each, address in ((router, ROUTER), (stranger, STRANGER)):
            each.bind((address, 0))
            each.connect(("127.0.0.1", port))
        process.send_signal(signal.SIGSTOP)
        for _ in range(20_000):
            stranger.send(bytes(1400))
        for number in range(50):
            router.send(v9(flow_set(0, template()), sequence=number))
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: waiting_bytes(port) == 0, "all is read")
        decoded = {ROUTER: 50}
        wait_until(lambda: found_of(tmp_path) == decoded, "the router's are all there")
        assert report(tmp_path).socket_overflow > 0


def found_of(folder: Path) -> dict[str, int]:
    """Return how many datagrams of each exporter that may send were flows."""
    return {each.address: each.counts.decoded for each in report(folder).exporters if each.listed}
