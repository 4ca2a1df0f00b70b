# SPDX-License-Identifier: MIT
"""The router's part over a cable: to a socket, to nobody, and to the sensor that replays."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from appliance.formats import tzsp
from tests.net.namespaces import (
    DEADLINE_S,
    ROUTER_ADDRESS,
    SENSOR_ADDRESS,
    SENSOR_ADDRESS6,
    Network,
    Sniffer,
    ip,
    wait_until,
)
from tests.net.receiving import GLOVEBOX, assert_conserved, replaying
from tests.pcapfile import parse_pcap, pcap

pytestmark = pytest.mark.net

PORT = 37008
SO_RCVBUFFORCE = 33


def send(network: Network, *options: str | Path) -> tuple[int, dict[str, Any], str]:
    """Send as a process of the router; return exit status, report and stderr."""
    with network.inside(network.router):
        run = subprocess.run(
            [GLOVEBOX, "send", "--report=json", *map(str, options)],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
    report: dict[str, Any] = json.loads(run.stdout)
    assert report["frames_read"] == report["datagrams_sent"] + sum(report["failed"].values())
    return run.returncode, report, run.stderr


def listen(network: Network, host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with network.inside(network.sensor):
        listener = socket.socket(family, socket.SOCK_DGRAM)
    # All datagrams wait there until the sender has ended.
    listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    listener.bind((host, PORT))
    listener.settimeout(DEADLINE_S)
    return listener


def wait_for_neighbour(network: Network, listener: socket.socket) -> None:
    """Exchange datagrams until the router knows the sensor: a new link loses the first asking."""
    listener.settimeout(0.1)
    with network.udp_socket(listener.family) as probe:

        def heard() -> bool:
            probe.sendto(b"probe", listener.getsockname())
            with contextlib.suppress(TimeoutError):
                return listener.recv(100) == b"probe"
            return False

        wait_until(heard, "a probe heard")
    with contextlib.suppress(BlockingIOError):
        listener.setblocking(False)
        while listener.recv(100):
            pass
    listener.settimeout(DEADLINE_S)


def frames_of(capture: Path) -> list[bytes]:
    return [frame for _, frame, _ in parse_pcap(capture.read_bytes())[1]]


@pytest.mark.parametrize(
    ("host", "target"),
    [(SENSOR_ADDRESS, SENSOR_ADDRESS), (SENSOR_ADDRESS6, f"[{SENSOR_ADDRESS6}]:{PORT}")],
    ids=["IPv4", "IPv6"],
)
def test_send_reaches_the_sensor(
    network: Network, shared_data: Path, host: str, target: str
) -> None:
    capture = shared_data / "ids/formats/tcpreplay__test.pcap"
    expected = frames_of(capture)
    with listen(network, host) as listener:
        wait_for_neighbour(network, listener)
        status, report, stderr = send(network, capture, "--to", target, "--pps=5000")
        got = [tzsp.decode(memoryview(listener.recv(65535))) for _ in expected]
    assert [bytes(packet.payload) for packet in got] == expected
    assert (status, stderr) == (0, "")
    assert report["datagrams_sent"] == len(expected)


def test_send_carries_the_largest_frame_in_fragments(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "large.pcap"
    frame = bytes(range(256)) * 255 + bytes(222)
    assert len(frame) == 65_502
    file.write_bytes(pcap(frame, frame + b"x"))
    with listen(network, SENSOR_ADDRESS) as listener:
        status, report, stderr = send(network, file, "--to", SENSOR_ADDRESS, "-t")
        assert bytes(tzsp.decode(memoryview(listener.recv(65535))).payload) == frame
    assert (status, report["failed"]["oversize"]) == (1, 1)
    assert (
        stderr == "glovebox send: packet 2 not sent: 65503 bytes are more than a datagram carries\n"
    )


def test_send_tells_that_nobody_listens(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(bytes(60)))
    status, report, stderr = send(network, file, "--to", SENSOR_ADDRESS)
    assert (status, report["returned"]["refused"]) == (1, 1)
    assert stderr == f"glovebox send: {SENSOR_ADDRESS}:{PORT}: nobody listens there\n"


@pytest.mark.parametrize("target", ["198.51.100.1", "[2001:db8:1::1]"])
def test_send_tells_that_there_is_no_route(network: Network, tmp_path: Path, target: str) -> None:
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(bytes(60), bytes(60)))
    status, report, stderr = send(network, file, "--to", target, "-t")
    assert (status, report["failed"]["unreachable"]) == (1, 2)
    assert stderr == (
        f"glovebox send: packet 1 not sent: {target}:{PORT}: Network is unreachable\n"
    )


def test_send_tells_that_no_host_has_the_address(network: Network, tmp_path: Path) -> None:
    with network.inside(network.router):
        subprocess.run(["sysctl", "-q", "net.ipv4.neigh.cable.retrans_time_ms=20"], check=True)
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(bytes(60)))
    unused = ROUTER_ADDRESS.replace(".1", ".77")
    status, report, stderr = send(network, file, "--to", unused, "--loop=50", "--pps=50")
    assert status == 1
    assert report["returned"]["unreachable"] > 0
    assert stderr == f"glovebox send: {unused}:{PORT}: No route to host\n"


def test_send_goes_on_when_the_route_comes_late(network: Network, tmp_path: Path) -> None:
    ip("-n", network.router, "address", "flush", "dev", "cable")
    file = tmp_path / "test.pcap"
    file.write_bytes(pcap(b"late" * 20))
    with network.inside(network.router):
        process = subprocess.Popen(
            [GLOVEBOX, "send", file, "--to", SENSOR_ADDRESS, "--loop=0", "--pps=200"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    with process, listen(network, SENSOR_ADDRESS) as listener:
        assert process.stderr is not None
        assert "Network is unreachable" in process.stderr.readline()
        ip("-n", network.router, "address", "add", f"{ROUTER_ADDRESS}/24", "dev", "cable")
        assert listener.recv(65535).endswith(b"late")
        process.terminate()
        assert "Failed: " in process.communicate(timeout=DEADLINE_S)[0]
    assert process.returncode == 130


@pytest.mark.parametrize(
    "name",
    [
        "ids/formats/tcpreplay__test.pcap",
        "ids/formats/isup.pcap",
        "ids/formats/libtrace__100_packetsns.pcap",
        "ids/ndpi/http_ipv6.pcap",
    ],
)
def test_frames_sent_come_out_of_the_sensors_interface(
    network: Network, sniffer: Sniffer, shared_data: Path, tmp_path: Path, name: str
) -> None:
    expected = frames_of(shared_data / name)
    with replaying(network, tmp_path, "--listen", str(PORT)) as service:
        status, sent, _ = send(network, shared_data / name, "--to", SENSOR_ADDRESS, "-p", "2000")
        assert sniffer.frames(len(expected)) == expected
        received = service.stop()
    assert_conserved(received)
    assert status == 0
    assert received["datagrams_received"] == sent["datagrams_sent"] == len(expected)
    assert received["bytes_received"] == sent["bytes_sent"]
