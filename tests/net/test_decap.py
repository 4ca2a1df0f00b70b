# SPDX-License-Identifier: MIT
"""`glovebox decap` as a process of the sensor, with a router that sends to it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.formats import tzsp
from tests import frames
from tests.conftest import missing
from tests.net.namespaces import (
    DEADLINE_S,
    ROUTER_ADDRESS,
    SENSOR_ADDRESS,
    SENSOR_ADDRESS6,
    Network,
    wait_until,
)
from tests.net.receiving import GLOVEBOX, assert_conserved
from tests.pcapfile import parse_pcap

pytestmark = pytest.mark.net

PORT = 37008
FRAME = frames.ethernet(frames.ipv4(frames.udp(b"content", 53)))
DATAGRAM = tzsp.encode(FRAME)

# Lets the program that follows believe in a kernel without IPv6: socket(AF_INET6) fails.
_WITHOUT_IPV6 = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
rules = [(0x20, 0, 0, 0), (0x15, 0, 3, {socket}), (0x20, 0, 0, 16), (0x15, 0, 1, {family}),
         (0x06, 0, 0, 0x00050000 | {error}), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.create_string_buffer(program)) == 0, ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
"""
_SOCKET_CALLS = {"x86_64": 41, "aarch64": 198}


class Decap:
    """One run that listens."""

    def __init__(
        self, network: Network, *options: str | Path, wrapper: tuple[str, ...] = ()
    ) -> None:
        """Start it and wait until it listens. Raises ChildProcessError."""
        self._network = network
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        with network.inside(network.sensor):
            self.process = subprocess.Popen(
                [*wrapper, GLOVEBOX, "decap", "--report=json", *map(str, options)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        self.said = ""
        while "listening on" not in self.said:
            line = self._stderr_line()
            if not line:
                raise ChildProcessError(self.said)
            self.said += line

    def _stderr_line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().decode()

    def send(self, *datagrams: bytes, host: str = SENSOR_ADDRESS, port: int = PORT) -> None:
        """Send from the router."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if family not in self._sockets:
            self._sockets[family] = self._network.udp_socket(family)
        for datagram in datagrams:
            self._sockets[family].sendto(datagram, (host, port))

    def stop(self, number: int = signal.SIGTERM) -> dict[str, Any]:
        """Stop it and return its counters. Raises ChildProcessError if it did not end well."""
        self.process.send_signal(number)
        self.stdout, stderr = self.process.communicate(timeout=DEADLINE_S)
        if self.process.returncode != 0:
            raise ChildProcessError(f"{self.process.returncode}: {stderr.decode()}")
        lines = [*stderr.splitlines(), *self.stdout.splitlines()]
        last = next(number for number, line in enumerate(lines) if line.startswith(b"{"))
        self.said += b"\n".join(lines[:last]).decode()
        report: dict[str, Any] = json.loads(lines[last])
        assert_conserved(report)
        return report

    def close(self) -> None:
        """End it, however the test went."""
        for sender in self._sockets.values():
            sender.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=DEADLINE_S)


@contextlib.contextmanager
def decapsulating(
    network: Network, *options: str | Path, wrapper: tuple[str, ...] = ()
) -> Iterator[Decap]:
    """Run it; kill it where the test has not stopped it."""
    made = Decap(network, *options, wrapper=wrapper)
    try:
        yield made
    finally:
        made.close()


def frames_in(path: Path) -> list[bytes]:
    return [frame for _, frame, _ in parse_pcap(path.read_bytes())[1]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_completes_the_file(network: Network, tmp_path: Path, number: int) -> None:
    target = tmp_path / "frames.pcap"
    sent = [frames.ethernet(bytes((n,)) * 100) for n in range(200)]
    with decapsulating(network, "-w", target) as decap:
        decap.send(*map(tzsp.encode, sent))
        report = decap.stop(number)
    assert frames_in(target) == sent
    assert (report["frames_sent"], report["bytes_sent"]) == (200, 200 * 114)


def test_full_frames_arrive_whole_though_ip_fragments_them(
    network: Network, tmp_path: Path
) -> None:
    target = tmp_path / "frames.pcap"
    sent = [frames.ethernet(os.urandom(length)) for length in (1500, 1453, 1454, 8000, 60000)]
    with decapsulating(network, "-w", target) as decap:
        decap.send(*map(tzsp.encode, sent))
        decap.stop()
    assert frames_in(target) == sent


def test_times_are_those_of_arrival(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    with decapsulating(network, "-w", target) as decap:
        decap.process.send_signal(signal.SIGSTOP)
        before = time.time_ns() // 1000
        decap.send(DATAGRAM)
        after = time.time_ns() // 1000
        decap.process.send_signal(signal.SIGCONT)
        decap.stop()
    ((time_us, _, _),) = parse_pcap(target.read_bytes())[1]
    # The veth pair hands over in the sender's own system call, or a softirq soon after it.
    assert before <= time_us <= after + 100_000


def test_one_socket_hears_ipv4_and_ipv6(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    with decapsulating(network, "-w", target) as decap:
        decap.send(DATAGRAM)
        decap.send(DATAGRAM, host=SENSOR_ADDRESS6)
        decap.stop()
    assert frames_in(target) == [FRAME] * 2


def test_a_kernel_without_ipv6_will_do(network: Network, tmp_path: Path) -> None:
    call = _SOCKET_CALLS.get(platform.machine())
    if call is None:
        missing(f"the number of socket(2) on {platform.machine()}")
    script = _WITHOUT_IPV6.format(
        socket=call, family=int(socket.AF_INET6), error=errno.EAFNOSUPPORT
    )
    target = tmp_path / "frames.pcap"
    wrapper = (sys.executable, "-c", script)
    with decapsulating(network, "-w", target, wrapper=wrapper) as decap:
        decap.send(DATAGRAM)
        decap.stop()
    assert frames_in(target) == [FRAME]


def test_several_addresses_and_ports(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    listen = (f"--listen={SENSOR_ADDRESS}:37009", "--listen", f"[{SENSOR_ADDRESS6}]:37010")
    with decapsulating(network, *listen, "-w", target) as decap:
        decap.send(DATAGRAM, port=37009)
        decap.send(DATAGRAM, port=37010, host=SENSOR_ADDRESS6)
        with contextlib.suppress(ConnectionRefusedError):
            decap.send(DATAGRAM, port=37008)
        decap.stop()
    assert f"UDP {SENSOR_ADDRESS}:37009, UDP [{SENSOR_ADDRESS6}]:37010" in decap.said
    assert frames_in(target) == [FRAME] * 2


def test_only_the_routers_named_may_send(network: Network, tmp_path: Path) -> None:
    for routers, frames_written in ((ROUTER_ADDRESS, 1), ("192.0.2.77,2001:db8::77", 0)):
        target = tmp_path / "frames.pcap"
        with decapsulating(network, "-w", target, "--routers", routers) as decap:
            decap.send(DATAGRAM)
            report = decap.stop()
        assert len(frames_in(target)) == frames_written
        assert report["dropped"]["unlisted_source"] == 1 - frames_written


def test_bad_datagrams_are_counted_and_nothing_is_said(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    feedback = tzsp.encode(frames.ethernet(frames.ipv4(frames.udp(DATAGRAM))))
    datagrams = [b"", b"\x01", b"\x02\x00\x00\x01\x01x", b"\x01\x00\x00\x01\x29", feedback]
    keepalives = [b"\x01\x04\x00\x00", b"\x01\x05\x00\x00\x01"]
    with decapsulating(network, "-w", target) as decap:
        decap.send(*datagrams * 5, *keepalives * 5, DATAGRAM)
        said = decap.said
        report = decap.stop()
    assert frames_in(target) == [FRAME]
    assert (report["dropped"]["malformed"], report["dropped"]["feedback"]) == (20, 5)
    assert (report["keepalives"], decap.said) == (10, said)


def test_a_pipe_gets_each_frame_while_nothing_else_comes(network: Network) -> None:
    with decapsulating(network) as decap:
        assert decap.process.stdout is not None
        pipe = decap.process.stdout.fileno()
        received = b""
        for count in range(1, 4):
            decap.send(DATAGRAM)
            while len(received) < 24 + count * (16 + len(FRAME)):
                assert select.select([pipe], [], [], DEADLINE_S)[0]
                received += os.read(pipe, 65536)
            assert parse_pcap(received)[1][-1][1] == FRAME
        report = decap.stop()
    assert (decap.stdout, report["frames_sent"]) == (b"", 3)


def test_it_ends_with_its_reader_though_nothing_comes(network: Network) -> None:
    with decapsulating(network) as decap:
        assert decap.process.stdout is not None
        decap.process.stdout.close()
        decap.process.stdout = None
        assert decap.process.wait(DEADLINE_S) == 141
        assert decap.process.stderr is not None
        (line,) = decap.process.stderr.read().decode().splitlines()
    assert json.loads(line)["frames_sent"] == 0


def test_a_second_signal_ends_it_where_the_reader_sleeps(network: Network) -> None:
    with decapsulating(network) as decap:
        decap.send(*[tzsp.encode(frames.ethernet(bytes(8000)))] * 50)
        wait_until(lambda: _sleeps_in_write(decap.process.pid), "a full pipe")
        decap.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not _catches(decap.process.pid, signal.SIGTERM), "the first signal")
        assert decap.process.poll() is None
        decap.process.send_signal(signal.SIGTERM)
        assert decap.process.wait(DEADLINE_S) == -signal.SIGTERM


def _sleeps_in_write(process: int) -> bool:
    return "pipe_write" in Path(f"/proc/{process}/wchan").read_text()


def _catches(process: int, number: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (number - 1) & 1)


def test_other_signals_do_not_disturb_it(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    with decapsulating(network, "-w", target) as decap:
        for number in (signal.SIGWINCH, signal.SIGCHLD, signal.SIGURG, signal.SIGCONT) * 5:
            decap.process.send_signal(number)
            decap.send(DATAGRAM)
        decap.process.send_signal(signal.SIGSTOP)
        decap.send(DATAGRAM)
        decap.process.send_signal(signal.SIGCONT)
        decap.stop()
    assert frames_in(target) == [FRAME] * 21


def test_nohup_keeps_it_running(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    with decapsulating(network, "-w", target, wrapper=("nohup",)) as decap:
        decap.process.send_signal(signal.SIGHUP)
        decap.send(DATAGRAM)
        decap.stop()
    assert frames_in(target) == [FRAME]


def test_a_file_is_whole_when_its_time_is_over_though_nothing_comes(
    network: Network, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    done.mkdir()
    options = ("-w", tmp_path / "%s.pcap", "-G", "1", "-z", f"mv -t {done}")
    with decapsulating(network, *options) as decap:
        for count in (1, 2):
            decap.send(DATAGRAM)
            wait_until(lambda: len(list(done.iterdir())) == count, "a file")  # noqa: B023
        wait_until(lambda: not _zombies(decap.process.pid), "the last command to be reaped")
        decap.stop()
    assert [frames_in(path) for path in done.iterdir()] == [[FRAME]] * 2


def test_commands_leave_no_zombies_behind(network: Network, tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$(nice) $1" >> {log}\n')
    program.chmod(0o755)
    options = ("-w", tmp_path / "c.pcap", "-C", "1", "-z", str(program))
    with decapsulating(network, *options) as decap:
        decap.send(*[DATAGRAM] * 30)
        wait_until(lambda: log.exists() and len(log.read_text().splitlines()) == 29, "29 commands")
        wait_until(lambda: not _zombies(decap.process.pid), "the last one to be reaped")
        decap.stop()
    names = [tmp_path / "c.pcap", *(tmp_path / f"c.pcap.{n}" for n in range(1, 30))]
    assert log.read_text().splitlines() == [f"19 {name}" for name in names]
    assert [frames_in(name) for name in names] == [[FRAME]] * 30


def _zombies(parent: int) -> list[str]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    states = []
    for child in children:
        with contextlib.suppress(OSError):
            states.append(Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2][0])
    return [state for state in states if state == "Z"]


def test_a_full_disk_keeps_what_is_whole(network: Network, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    try:
        with decapsulating(network, "-U", "-w", disk / "frames.pcap") as decap:
            decap.send(*[tzsp.encode(frames.ethernet(bytes(1000)))] * 100)
            assert decap.process.wait(DEADLINE_S) == 7
            _, stderr = decap.process.communicate()
        written = frames_in(disk / "frames.pcap")
    finally:
        subprocess.run(["umount", disk], check=True)
    assert b"frames.pcap: No space left on device" in stderr
    assert written == [frames.ethernet(bytes(1000))] * (65536 // 1030)


def test_the_receive_buffer_is_really_set(network: Network, tmp_path: Path) -> None:
    with decapsulating(network, "-w", tmp_path / "c.pcap", "--receive-buffer=8M") as decap:
        assert _receive_buffer(network) == 2 * (8 << 20)
        assert "receive buffer" not in decap.said


def test_a_smaller_receive_buffer_is_said(network: Network, tmp_path: Path) -> None:
    limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
    wrapper = ("setpriv", "--bounding-set=-net_admin")
    options = ("-w", tmp_path / "c.pcap", "--receive-buffer=900M")
    with decapsulating(network, *options, wrapper=wrapper) as decap:
        assert _receive_buffer(network) == 2 * limit
        assert f"a receive buffer of {limit} bytes, not {900 << 20}" in decap.said


def _receive_buffer(network: Network) -> int:
    output = subprocess.check_output(["ip", "netns", "exec", network.sensor, "ss", "-HOuamn"])
    line = next(line for line in output.decode().splitlines() if f":{PORT} " in line)
    return int(line.partition("rb")[2].partition(",")[0])


def test_what_the_socket_lost_is_reported(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    with decapsulating(network, "-w", target, "--receive-buffer=16K") as decap:
        decap.process.send_signal(signal.SIGSTOP)
        decap.send(*[DATAGRAM] * 500)
        decap.process.send_signal(signal.SIGCONT)
        report = decap.stop()
    assert report["socket_overflow"] > 0
    assert report["socket_overflow"] + report["datagrams_received"] == 500


def test_a_taken_port_is_named_and_no_file_is_touched(network: Network, tmp_path: Path) -> None:
    target = tmp_path / "frames.pcap"
    target.write_bytes(b"precious")
    with (
        decapsulating(network, "-w", tmp_path / "first.pcap"),
        pytest.raises(ChildProcessError, match="UDP port 37008 is held by another process"),
    ):
        Decap(network, "-w", target)
    assert target.read_bytes() == b"precious"


def test_frames_come_through_a_pipe_into_tcpdump(network: Network, tmp_path: Path) -> None:
    with decapsulating(network) as decap:
        assert decap.process.stdout is not None
        reader = subprocess.Popen(
            ["tcpdump", "-nlr", "-"], stdin=decap.process.stdout, stdout=subprocess.PIPE
        )
        assert reader.stdout is not None
        decap.send(DATAGRAM)
        assert b"192.0.2.1.41234 > 192.0.2.2.53" in reader.stdout.readline()
        decap.process.send_signal(signal.SIGTERM)
        assert reader.wait(DEADLINE_S) == 0
        reader.stdout.close()
