# SPDX-License-Identifier: MIT
"""Both ways in: sockets until stopped, a capture to its end."""

from __future__ import annotations

import socket
import threading
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.errors import AddressInUseError, InputError
from appliance.formats import tzsp
from appliance.service import Stop
from appliance.tools.streams import Listening, Reading
from appliance.udp.sockets import Endpoint
from appliance.udp.sources import key_of
from tests import frames
from tests.pcapfile import parse_pcap, pcap

LOOPBACK = ip_address("127.0.0.1")
PATIENCE_S = 30


class Taken:
    """A consumer that keeps what it gets, and stops after so much."""

    def __init__(self, stop: Stop | None = None, enough: int = 0) -> None:
        self.datagrams: list[tuple[bytes, int, bytes, int]] = []
        self.idled = 0
        self.ticked: list[int] = []
        self._stop = stop
        self._enough = enough

    def take(self, datagram: memoryview, time_us: int, source: bytes, missing: int = 0) -> None:
        self.datagrams.append((bytes(datagram), time_us, source, missing))
        if self._stop is not None and len(self.datagrams) == self._enough:
            self._stop.set()

    def idle(self) -> None:
        self.idled += 1

    def tick(self, now_us: int) -> None:
        self.ticked.append(now_us)


NO_LOSSES = dict.fromkeys(
    ("socket_overflow", "reassembly_failures", "checksum_errors", "length_errors"), 0
)


def free_ports(count: int) -> list[int]:
    holders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def test_listening_hands_on_what_comes_to_any_of_its_ports_until_stopped() -> None:
    ports = free_ports(2)
    intake = Listening([Endpoint(LOOPBACK, port) for port in ports], 1 << 16)
    stop = Stop()
    taken = Taken(stop, enough=4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number, port in enumerate(ports * 2):
            sender.sendto(bytes((number,)), ("127.0.0.1", port))
        thread = threading.Thread(target=intake.run, args=(taken, stop))
        thread.start()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert sorted(content[0] for content, *_ in taken.datagrams) == [0, 1, 2, 3]
    assert {source for _, _, source, _ in taken.datagrams} == {key_of(LOOPBACK)}
    assert intake.ports == frozenset(ports)
    assert intake.losses() == NO_LOSSES
    assert abs(taken.ticked[-1] / 1e6 - time.time()) < PATIENCE_S
    intake.close()


def test_listening_takes_what_waits_when_it_is_stopped() -> None:
    (port,) = free_ports(1)
    intake = Listening([Endpoint(LOOPBACK, port)], 1 << 20)
    stop, taken = Stop(), Taken()
    stop.set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(600):
            sender.sendto(b"x", ("127.0.0.1", port))
    intake.run(taken, stop)
    intake.close()
    assert len(taken.datagrams) == 600


def test_listening_counts_what_found_the_socket_full() -> None:
    (port,) = free_ports(1)
    intake = Listening([Endpoint(LOOPBACK, port)], 1 << 14)
    stop, taken = Stop(), Taken()
    stop.set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(200):
            sender.sendto(bytes(1000), ("127.0.0.1", port))
    intake.run(taken, stop)
    assert 0 < len(taken.datagrams) < 200
    assert intake.losses()["socket_overflow"] == 200 - len(taken.datagrams)
    intake.close()


def test_listening_gives_ports_back_where_one_of_them_is_taken() -> None:
    first, second = free_ports(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", second))
        with pytest.raises(AddressInUseError, match=str(second)):
            Listening([Endpoint(LOOPBACK, first), Endpoint(LOOPBACK, second)], 1 << 16)
    Listening([Endpoint(LOOPBACK, first)], 1 << 16).close()


def read(path: Path, *ports: int) -> tuple[Taken, Reading]:
    intake = Reading(str(path), ports or (37008,))
    taken = Taken()
    try:
        intake.run(taken, Stop())
    finally:
        intake.close()
    return taken, intake


def test_reading_gives_the_datagrams_of_a_shared_capture(shared_data: Path) -> None:
    file = shared_data / "tzsp" / "derived" / "testmyids_in_tzsp.pcap"
    _, packets = parse_pcap(file.read_bytes())
    taken, intake = read(file)
    router = key_of(ip_address("192.168.88.1"))
    assert taken.datagrams == [(frame[42:], time_us, router, 0) for time_us, frame, _ in packets]
    assert taken.ticked == [time_us for time_us, _, _ in packets]
    assert intake.losses() == NO_LOSSES


def test_reading_puts_together_what_a_router_had_to_send_in_fragments(tmp_path: Path) -> None:
    datagram = tzsp.encode(bytes(1514))
    segment = frames.udp(datagram)
    first = frames.ethernet(frames.ipv4(segment[:1480], more=True))
    last = frames.ethernet(frames.ipv4(segment[1480:], offset=1480))
    lost = frames.ethernet(frames.ipv4(segment[:1480], more=True, identification=2))
    path = tmp_path / "stream.pcap"
    path.write_bytes(pcap(first, lost, last))
    taken, intake = read(path)
    assert taken.datagrams == [(datagram, 2, key_of(ip_address("192.0.2.1")), 0)]
    assert intake.losses()["reassembly_failures"] == 1


def test_reading_tells_what_the_snaplen_cut_off(tmp_path: Path) -> None:
    frame = frames.ethernet(frames.ipv4(frames.udp(tzsp.encode(bytes(100)))))
    path = tmp_path / "stream.pcap"
    path.write_bytes(pcap(frame, snaplen=80))
    taken, _ = read(path)
    ((content, _, _, missing),) = taken.datagrams
    assert (len(content), missing) == (80 - 42, len(frame) - 80)


def test_reading_minds_the_ports(tmp_path: Path) -> None:
    path = tmp_path / "stream.pcap"
    path.write_bytes(pcap(*(frames.ethernet(frames.ipv4(frames.udp(b"x", p))) for p in (7, 8, 9))))
    assert len(read(path, 7, 9)[0].datagrams) == 2


def test_reading_hands_on_what_is_whole_of_a_cut_off_file(tmp_path: Path) -> None:
    path = tmp_path / "stream.pcap"
    frame = frames.ethernet(frames.ipv4(frames.udp(b"x")))
    path.write_bytes(pcap(frame, frame, frame)[:-1])
    intake, taken = Reading(str(path), [37008]), Taken()
    with pytest.raises(InputError, match="cut off after 2 packets"):
        intake.run(taken, Stop())
    intake.close()
    assert len(taken.datagrams) == 2


def test_reading_ends_when_stopped(tmp_path: Path) -> None:
    path = tmp_path / "stream.pcap"
    path.write_bytes(pcap(*[frames.ethernet(frames.ipv4(frames.udp(b"x")))] * 10))
    intake, stop = Reading(str(path), [37008]), Stop()
    taken = Taken(stop, enough=4)
    intake.run(taken, stop)
    intake.close()
    assert len(taken.datagrams) == 4


def test_reading_refuses_a_capture_without_ip(tmp_path: Path) -> None:
    path = tmp_path / "usb.pcap"
    path.write_bytes(pcap(b"x", link_type=189))
    with pytest.raises(InputError, match=r"usb\.pcap: link type 189"):
        Reading(str(path), [37008])
