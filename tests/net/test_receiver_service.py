# SPDX-License-Identifier: MIT
"""The service under load and under systemd: floods, stops, crashes, restarts, long runs."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from appliance.formats.tzsp import encode
from appliance.receiver.mmsg import SLOTS
from appliance.reports.checksums import ChecksumsReport
from appliance.udp.sockets import open_listener, parse_endpoint, set_receive_buffer
from tests.frames import ethernet, tcp_frame
from tests.net.flood import FRAME_BYTES, PORT, Flood, numbers_seen
from tests.net.namespaces import ROUTER_ADDRESS, SENSOR_ADDRESS, Network, Sniffer, wait_until
from tests.net.receiving import Replay, assert_conserved, replaying

pytestmark = pytest.mark.net

LISTEN = ("--listen", str(PORT))
BIG = 512 << 20
FLOOD = 1_000_000
STREAM = 200_000


@pytest.fixture
def flood(network: Network) -> Iterator[Flood]:
    made = Flood(network)
    yield made
    made.close()


@pytest.fixture
def big_sniffer(network: Network) -> Iterator[Sniffer]:
    """Return a sniffer that can be late for a whole flood."""
    with network.sniffer(1 << 30) as made:
        yield made


@pytest.fixture
def systemd_socket(network: Network) -> Iterator[socket.socket]:
    """Return the socket that systemd would open and keep for the service."""
    with network.inside(network.sensor):
        made = open_listener(parse_endpoint(str(PORT)))
    set_receive_buffer(made, BIG)
    with made:
        yield made


@pytest.mark.timeout(600)
def test_replay_loses_nothing_of_a_million_in_a_flood(
    network: Network, flood: Flood, big_sniffer: Sniffer, tmp_path: Path
) -> None:
    listed = (*LISTEN, "--routers", ROUTER_ADDRESS, "--receive-buffer", "512M")
    with (
        # Who is not listed gets a queue of his own later, and there what waits may be overtaken.
        replaying(network, tmp_path, *listed) as service,
        ThreadPoolExecutor() as pool,
    ):
        for first in range(0, FLOOD, STREAM):
            # No more than the buffers hold, whoever of the three is late on a busy machine.
            seen = pool.submit(numbers_seen, big_sniffer, first + STREAM - 1)
            flood.send(first, STREAM)
            wanted = np.arange(first, first + STREAM)
            assert np.array_equal(seen.result(), wanted), "every frame, once, in order"
        report = service.stop()
    assert report["datagrams_received"] == report["frames_sent"] == FLOOD
    assert report["bytes_sent"] == FLOOD * FRAME_BYTES
    assert report["socket_overflow"] == 0


def test_replay_counts_what_a_small_buffer_could_not_hold(
    network: Network, flood: Flood, tmp_path: Path
) -> None:
    options = (*LISTEN, "--receive-buffer", "8K")
    with replaying(network, tmp_path, *options) as service:
        service.process.send_signal(signal.SIGSTOP)
        flood.send(0, STREAM)
        service.process.send_signal(signal.SIGCONT)
        service.wait_for(STREAM, "datagrams_received", "socket_overflow")
        report = service.stop()
    assert report["socket_overflow"] > 0
    assert report["datagrams_received"] + report["socket_overflow"] == STREAM
    assert_conserved(report)


def test_replay_stopped_in_mid_stream_loses_nothing(
    network: Network,
    flood: Flood,
    big_sniffer: Sniffer,
    systemd_socket: socket.socket,
    tmp_path: Path,
) -> None:
    received = 0
    with ThreadPoolExecutor() as pool:
        seen = pool.submit(numbers_seen, big_sniffer, STREAM - 1)
        sending = pool.submit(flood.send, 0, STREAM)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            service = Replay(network, tmp_path, inherited=systemd_socket)
            report = service.stop(number)
            assert_conserved(report)
            received += report["datagrams_received"]
        sending.result()
        with replaying(network, tmp_path, inherited=systemd_socket) as service:
            assert np.array_equal(seen.result(), np.arange(STREAM))
            service.wait_for(STREAM)
            assert received + service.stop()["datagrams_received"] == STREAM


def test_replay_killed_in_mid_stream_leaves_what_waits_to_the_next(
    network: Network,
    flood: Flood,
    big_sniffer: Sniffer,
    systemd_socket: socket.socket,
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor() as pool:
        seen = pool.submit(numbers_seen, big_sniffer, STREAM - 1)
        service = Replay(network, tmp_path, inherited=systemd_socket)
        flood.send(0, STREAM // 2)
        service.kill()
        flood.send(STREAM // 2, STREAM // 2)
        with replaying(network, tmp_path, inherited=systemd_socket) as service:
            numbers = seen.result()
            assert_conserved(service.stop())
    assert len(numbers) >= STREAM - SLOTS, "a batch is all that may be lost"
    assert (np.diff(numbers.astype(np.int64)) > 0).all(), "in order, none twice"


def test_replay_counts_on_after_a_restart(
    network: Network, sniffer: Sniffer, systemd_socket: socket.socket, tmp_path: Path
) -> None:
    frame = ethernet(b"frame" * 10, ether_type=0x88B5)
    for run in (1, 2, 3):
        with (
            replaying(network, tmp_path, inherited=systemd_socket) as service,
            network.udp_socket() as router,
        ):
            router.sendto(encode(frame), (SENSOR_ADDRESS, PORT))
            assert sniffer.frame() == frame
            service.wait_for(run)
            assert service.published()["sources"]["192.0.2.1"]["frames_sent"] == run
            if run == 2:
                service.kill()
            else:
                assert service.stop()["frames_sent"] == 1, "a report is of its run alone"


def test_replay_counts_what_overflowed_while_it_was_not_running(
    network: Network, flood: Flood, systemd_socket: socket.socket, tmp_path: Path
) -> None:
    set_receive_buffer(systemd_socket, 8192)
    for run in (1, 2):
        flood.send(0, 1000)
        with replaying(network, tmp_path, inherited=systemd_socket) as service:
            service.wait_for(run * 1000, "datagrams_received", "socket_overflow")
            service.stop()
            published = service.published()
            assert published["datagrams_received"] + published["socket_overflow"] == run * 1000


def test_replay_opens_the_configured_ports_that_systemd_has_not(
    network: Network,
    sniffer: Sniffer,
    systemd_socket: socket.socket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "glovebox.toml").write_text(f"[capture]\nports = [{PORT}, {PORT + 1}]\n")
    monkeypatch.setenv("GLOVEBOX_CONFIG", str(tmp_path / "glovebox.toml"))
    with (
        replaying(network, tmp_path, inherited=systemd_socket) as service,
        network.udp_socket() as router,
    ):
        for port in (PORT, PORT + 1):
            frame = ethernet(f"to port {port}".encode() * 5, ether_type=0x88B5)
            router.sendto(encode(frame), (SENSOR_ADDRESS, port))
            assert sniffer.frame() == frame
        service.stop()
        assert service.published()["ports"] == [PORT, PORT + 1]


def test_replay_goes_on_without_a_configured_port_that_is_taken(
    network: Network, systemd_socket: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "glovebox.toml").write_text(f"[capture]\nports = [{PORT + 1}]\n")
    monkeypatch.setenv("GLOVEBOX_CONFIG", str(tmp_path / "glovebox.toml"))
    with network.inside(network.sensor):
        holder = open_listener(parse_endpoint(str(PORT + 1)))
    with holder, replaying(network, tmp_path, inherited=systemd_socket) as service:
        service.stop()
        assert service.published()["ports"] == [PORT]
        assert f"UDP port {PORT + 1} is held by another process" in service.stderr


def test_replay_refuses_a_socket_that_is_not_udp(network: Network, tmp_path: Path) -> None:
    with socket.socket() as stream, pytest.raises(ChildProcessError, match="ListenDatagram"):
        stream.bind(("127.0.0.1", 0))
        stream.listen()
        Replay(network, tmp_path, inherited=stream)


@pytest.mark.timeout(600)
def test_replay_needs_no_more_memory_for_a_million_flows(
    network: Network, flood: Flood, tmp_path: Path
) -> None:
    with replaying(network, tmp_path, *LISTEN) as service:
        flood.send(0, STREAM)
        service.wait_for(STREAM, "datagrams_received", "socket_overflow")
        before = resident_kib(service)
        flood.send(STREAM, FLOOD)
        service.wait_for(STREAM + FLOOD, "datagrams_received", "socket_overflow")
        after = resident_kib(service)
    assert after - before < 1024
    assert after < 60 << 10


def test_replay_holds_the_largest_batch_within_its_memory(network: Network, tmp_path: Path) -> None:
    count = 10 * SLOTS
    datagram = encode(ethernet(bytes(65_000), ether_type=0x88B5))
    with (
        replaying(network, tmp_path, *LISTEN, "--receive-buffer", "512M") as service,
        network.udp_socket() as router,
    ):
        service.process.send_signal(signal.SIGSTOP)
        for _ in range(count):
            router.sendto(datagram, (SENSOR_ADDRESS, PORT))
        service.process.send_signal(signal.SIGCONT)
        service.wait_for(count)
        assert resident_kib(service) < 60 << 10
        assert service.stop()["frames_sent"] == count


def resident_kib(service: Replay) -> int:
    lines = Path(f"/proc/{service.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def test_replay_tells_that_most_checksums_are_wrong(network: Network, tmp_path: Path) -> None:
    right = tcp_frame(bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)), bytes(12) + b"\x50" + bytes(7))
    wrong = encode(right[:-1] + b"x")
    with replaying(network, tmp_path, *LISTEN), network.udp_socket() as router:

        def found() -> ChecksumsReport:
            for datagram in (wrong, encode(right), wrong, encode(ethernet(b"x" * 60, 0x0806))) * 9:
                router.sendto(datagram, (SENSOR_ADDRESS, PORT))
            return ChecksumsReport.read(tmp_path) or ChecksumsReport()

        wait_until(lambda: found().ignored, "most are found wrong")
