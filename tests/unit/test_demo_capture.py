# SPDX-License-Identifier: MIT
"""The capture that ships with the project keeps what `tests/captures/README.md` promises."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.pcapfile import parse_pcap

CAPTURE = Path(__file__).resolve().parents[1] / "captures" / "demo.pcap"
EXPECTED: dict[str, Any] = json.loads(
    CAPTURE.with_suffix(".expected.json").read_text(encoding="utf-8")
)
LARGEST_FILE = 300_000
LARGEST_FRAME = 1514
ETHERNET = 1

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
HOP_BY_HOP, ICMP, IGMP, TCP, UDP, ICMPV6 = 0, 1, 2, 6, 17, 58
SYN, FIN_PUSH_URGENT = 0x02, 0x29
NETWORKS = tuple(
    ip_network(text)
    for text in (
        *("192.168.88.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4"),
        *("2001:db8::/32", "fe80::/10", "ff00::/8", "::/128"),
    )
)


@dataclass(frozen=True)
class Packet:
    """One IP packet; `body` starts behind the IP headers."""

    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    protocol: int
    body: bytes

    def ports(self) -> tuple[int, int]:
        return int.from_bytes(self.body[0:2]), int.from_bytes(self.body[2:4])

    def data(self) -> bytes:
        return self.body[(self.body[12] >> 4) * 4 if self.protocol == TCP else 8 :]

    def tcp_flags(self) -> int:
        return self.body[13] & 0x3F if self.protocol == TCP else 0

    def pseudo_header(self) -> bytes:
        if self.protocol in (ICMP, IGMP):
            return b""
        return (
            self.source.packed
            + self.destination.packed
            + struct.pack("!II", len(self.body), self.protocol)
        )


@cache
def frames() -> list[bytes]:
    return [frame for _, frame, _ in parse_pcap(CAPTURE.read_bytes())[1]]


def ether_type(frame: bytes) -> int:
    return int.from_bytes(frame[12:14])


def packets() -> Iterator[Packet]:
    for frame in frames():
        packet = frame[14:]
        if ether_type(frame) == IPV4:
            header, total = (packet[0] & 15) * 4, int.from_bytes(packet[2:4])
            yield Packet(
                IPv4Address(packet[12:16]),
                IPv4Address(packet[16:20]),
                packet[9],
                packet[header:total],
            )
        elif ether_type(frame) == IPV6:
            protocol, body = packet[6], packet[40 : 40 + int.from_bytes(packet[4:6])]
            if protocol == HOP_BY_HOP:
                protocol, body = body[0], body[8 * (body[1] + 1) :]
            yield Packet(IPv6Address(packet[8:24]), IPv6Address(packet[24:40]), protocol, body)


def internet_checksum(data: bytes) -> int:
    """Return the ones' complement sum of RFC 1071; 0xFFFF over data that holds a right checksum."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def talks(protocol: int, port: int, version: int) -> Callable[[Packet], bool]:
    """Return a test for packets that carry data from a port."""
    return lambda packet: (
        packet.protocol == protocol
        and packet.source.version == version
        and packet.ports()[0] == port
        and packet.data() != b""
    )


def pong(protocol: int, kind: int, source: str) -> Callable[[Packet], bool]:
    """Return a test for echo replies from a host."""
    return lambda packet: (
        (packet.protocol, packet.body[0], packet.source) == (protocol, kind, ip_address(source))
    )


def test_capture_is_whole_and_small() -> None:
    content = CAPTURE.read_bytes()
    assert len(content) <= LARGEST_FILE
    assert hashlib.sha256(content).hexdigest() == EXPECTED["sha256"]
    assert len(frames()) == EXPECTED["frames"]


def test_capture_is_of_ethernet() -> None:
    link_type, _ = parse_pcap(CAPTURE.read_bytes())
    assert link_type == ETHERNET


def test_frames_are_uncut_and_fit_an_interface() -> None:
    for _, frame, original in parse_pcap(CAPTURE.read_bytes())[1]:
        assert 14 < len(frame) == original <= LARGEST_FRAME


def test_frames_stand_in_order_of_time_within_half_a_minute() -> None:
    times = [time_us for time_us, _, _ in parse_pcap(CAPTURE.read_bytes())[1]]
    assert times == sorted(times)
    assert times[-1] - times[0] < 30_000_000


def test_ip_headers_carry_right_checksums() -> None:
    headers = [f[14 : 14 + (f[14] & 15) * 4] for f in frames() if ether_type(f) == IPV4]
    assert {internet_checksum(header) for header in headers} == {0xFFFF}


def test_bodies_carry_right_checksums() -> None:
    sums = [internet_checksum(packet.pseudo_header() + packet.body) for packet in packets()]
    assert set(sums) == {0xFFFF}


def test_addresses_are_private_or_kept_for_documentation() -> None:
    used = {address for packet in packets() for address in (packet.source, packet.destination)}
    strangers = {
        address
        for address in used
        if not any(address.version == net.version and address in net for net in NETWORKS)
    }
    assert not strangers
    assert {ip_address("192.168.88.10"), ip_address("203.0.113.66")} <= used


def test_hardware_addresses_are_locally_administered_or_groups() -> None:
    addresses = {frame[at : at + 6] for frame in frames() for at in (0, 6)}
    assert all(address[0] & 0x03 for address in addresses)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(talks(UDP, 53, 4), id="DNS"),
        pytest.param(talks(TCP, 80, 4), id="HTTP"),
        pytest.param(talks(TCP, 80, 6), id="HTTP over IPv6"),
        pytest.param(talks(TCP, 443, 4), id="TLS"),
        pytest.param(talks(TCP, 21, 4), id="FTP"),
        pytest.param(pong(ICMP, 0, "198.51.100.80"), id="ping"),
        pytest.param(pong(ICMPV6, 129, "2001:db8:100::80"), id="ping over IPv6"),
        pytest.param(lambda p: p.tcp_flags() == FIN_PUSH_URGENT, id="XMAS scan"),
        pytest.param(lambda p: b"GET /../../../../etc/passwd" in p.body, id="traversal"),
        pytest.param(lambda p: b"union+select" in p.body, id="SQL injection"),
        pytest.param(lambda p: b"User-Agent: () { :;};" in p.body, id="Shellshock"),
        pytest.param(
            lambda p: b"\r\n\r\nuid=0(root) gid=0(root) groups=0(root)" in p.body, id="root shell"
        ),
    ],
)
def test_capture_holds_promised_traffic(wanted: Callable[[Packet], bool]) -> None:
    assert any(wanted(packet) for packet in packets())


def test_capture_holds_arp() -> None:
    assert any(ether_type(frame) == ARP for frame in frames())


def test_capture_holds_scan_of_hundreds_of_ports() -> None:
    probed = {
        packet.ports()[1]
        for packet in packets()
        if packet.tcp_flags() == SYN and packet.source == ip_address("203.0.113.66")
    }
    assert len(probed) >= 300


@pytest.mark.snort
def test_snort_raises_expected_alerts_with_stock_rules(engine_root: Path) -> None:
    if os.geteuid() != 0:
        missing("entering the engine root needs root")
    with CAPTURE.open("rb") as capture:
        result = subprocess.run(
            [
                *("chroot", str(engine_root), "snort", "-q", "-N", "-A", "console", "-k", "all"),
                *("-c", "/etc/snort/snort.conf", "-r", "-"),
            ],
            stdin=capture,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    signatures = re.findall(r"\[\*\*\] \[(\d+:\d+):\d+\]", result.stdout)
    assert Counter(signatures) == EXPECTED["alerts"]
