# SPDX-License-Identifier: MIT
"""An interface that is small, full, down, gone or not ours: counted, and recovered from."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.formats.tzsp import encode
from tests.frames import ethernet
from tests.net.namespaces import (
    INTERFACE,
    SENSOR_ADDRESS,
    Network,
    Sniffer,
    ip,
    on_one_cpu,
    wait_until,
)
from tests.net.receiving import GLOVEBOX, Replay, assert_conserved, replaying

pytestmark = pytest.mark.net

PORT = 37008
LISTEN = ("--listen", str(PORT))
FRAME = ethernet(b"frame" * 10, ether_type=0x88B5)
MARKER = ethernet(b"marker" * 10, ether_type=0x88B5)
ETHERNET_HEADER, VLAN_TAG = 14, 4


def send(network: Network, frames: Sequence[bytes]) -> None:
    with network.udp_socket() as router, on_one_cpu():
        for frame in frames:
            router.sendto(encode(frame), (SENSOR_ADDRESS, PORT))


def send_until(network: Network, frame: bytes, sniffer: Sniffer) -> int:
    """Send a frame again and again until it comes out; return how often."""
    sent = 0

    def came_out() -> bool:
        nonlocal sent
        sent += 1
        send(network, [frame])
        return frame in sniffer.waiting()

    wait_until(came_out, "the interface carries frames again")
    return sent


def test_replay_counts_frames_beyond_the_mtu_and_sends_the_rest(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    network.link("set", INTERFACE, "mtu", 1500)
    longest = ethernet(bytes(1500), ether_type=0x88B5)
    tagged = ethernet(bytes(1500), ether_type=0x88B5, vlans=((0x8100, 1),))
    too_long = [ethernet(bytes(size), ether_type=0x88B5) for size in (1501, 1504, 9000, 60_000)]
    with replaying(network, tmp_path, *LISTEN) as service:
        send(network, [FRAME, *too_long, longest, tagged, *too_long, MARKER])
        assert sniffer.frames(4) == [FRAME, longest, tagged, MARKER]
        report = service.stop()
    assert report["dropped"]["oversize"] == 2 * len(too_long)
    assert report["frames_sent"] == 4
    assert_conserved(report)


def test_replay_follows_an_mtu_that_changes(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    network.link("set", INTERFACE, "mtu", 1500)
    long = ethernet(bytes(9000), ether_type=0x88B5)
    with replaying(network, tmp_path, *LISTEN) as service:
        send(network, [long, MARKER])
        assert sniffer.frame() == MARKER
        network.link("set", INTERFACE, "mtu", 9000)
        send(network, [long])
        assert sniffer.frame() == long
        assert service.stop()["dropped"]["oversize"] == 1


def test_replay_counts_frames_while_the_interface_is_down_and_recovers(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    with replaying(network, tmp_path, *LISTEN) as service:
        send(network, [FRAME])
        assert sniffer.frame() == FRAME
        network.link("set", INTERFACE, "down")
        send(network, [FRAME] * 10)
        service.wait_for(11)
        network.link("set", INTERFACE, "up")
        with network.sniffer() as fresh:
            sent = send_until(network, MARKER, fresh)
        report = service.stop()
    assert report["datagrams_received"] == 11 + sent
    assert report["dropped"]["interface_down"] >= 10
    assert_conserved(report)
    assert service.stderr.count(f"{INTERFACE} is back") == 1


def test_replay_finds_an_interface_that_was_deleted_and_made_anew(
    network: Network, tmp_path: Path
) -> None:
    with replaying(network, tmp_path, *LISTEN) as service:
        for _ in range(3):
            network.link("delete", INTERFACE)
            send(network, [FRAME] * 10)
            network.add_interface()
            with network.sniffer() as fresh:
                send_until(network, MARKER, fresh)
        assert_conserved(service.stop())


def test_replay_loses_nothing_while_the_interface_is_exchanged_between_frames(
    network: Network, tmp_path: Path
) -> None:
    with replaying(network, tmp_path, *LISTEN) as service:
        network.link("delete", INTERFACE)
        network.add_interface()
        with network.sniffer() as fresh:
            send(network, [FRAME])
            assert fresh.frame() == FRAME
        report = service.stop()
    assert (report["frames_sent"], report["dropped"]["interface_down"]) == (1, 0)


@pytest.fixture
def stuck_interface(network: Network) -> None:
    """Replace the interface by one whose queue takes a frame every few seconds."""
    network.link("delete", INTERFACE)
    network.link("add", INTERFACE, "type", "veth", "peer", "name", "sink")
    for name in (INTERFACE, "sink"):
        network.link("set", name, "up")
    queue = "tbf rate 8bit burst 200 limit 200"
    ip("netns", "exec", network.sensor, "tc", "qdisc", "add", "dev", INTERFACE, "root",
       *queue.split())  # fmt: skip


@pytest.mark.usefixtures("stuck_interface")
def test_replay_gives_frames_up_where_the_queue_stays_full(
    network: Network, tmp_path: Path
) -> None:
    count = 2000
    with replaying(network, tmp_path, *LISTEN) as service:
        send(network, [FRAME] * count)
        service.wait_for(count)
        report = service.stop()
    assert report["dropped"]["no_buffer"] > count / 2
    assert report["datagrams_received"] == count
    assert_conserved(report)


@pytest.mark.usefixtures("stuck_interface")
def test_replay_never_spins_on_a_full_queue(network: Network, tmp_path: Path) -> None:
    with replaying(network, tmp_path, *LISTEN) as service:
        send(network, [FRAME] * 100)
        service.wait_for(100)
        before = cpu_seconds(service)
        started = time.monotonic()
        for _ in range(2):
            service.wait_for_beat()
        # Busy waiting would take the whole of this time; idle ticks take a hundredth.
        assert cpu_seconds(service) - before < (time.monotonic() - started) / 2


def cpu_seconds(service: Replay) -> float:
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_replay_is_seen_by_every_sniffer(network: Network, tmp_path: Path) -> None:
    frames = [ethernet(bytes((n,)) * 60, ether_type=0x88B5) for n in range(100)]
    sniffers = [network.sniffer() for _ in range(3)]
    with replaying(network, tmp_path, *LISTEN):
        send(network, frames)
        for sniffer in sniffers:
            assert sniffer.frames(len(frames)) == frames
            sniffer.close()


def run(network: Network, *argv: str) -> subprocess.CompletedProcess[str]:
    with network.inside(network.sensor):
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


def test_replay_names_an_interface_that_is_missing(network: Network) -> None:
    result = run(network, GLOVEBOX, "receiver", "-i", "nowhere", *LISTEN)
    assert (result.returncode, result.stderr.count("\n")) == (3, 1)
    assert "nowhere" in result.stderr


def test_replay_names_the_capability_that_is_missing(network: Network) -> None:
    without = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
    result = run(network, *without, GLOVEBOX, "receiver", "-i", INTERFACE, *LISTEN)
    assert (result.returncode, result.stderr.count("\n")) == (4, 1)
    assert "CAP_NET_RAW" in result.stderr


def test_replay_names_the_port_that_is_taken(network: Network, tmp_path: Path) -> None:
    with replaying(network, tmp_path, *LISTEN):
        result = run(network, GLOVEBOX, "receiver", "-i", INTERFACE, *LISTEN)
    assert (result.returncode, result.stderr.count("\n")) == (5, 1)
    assert str(PORT) in result.stderr
