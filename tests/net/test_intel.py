# SPDX-License-Identifier: MIT
"""On the sniffing interface: 1,000 planted names and addresses are met, and no others."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path

import pytest

from appliance.ids.eve_spool import EveSpool
from appliance.intel import hit_spool, meetings, sniff_filter
from appliance.intel.allowed import Allowed
from appliance.intel.hit_spool import HitSpool
from appliance.intel.matcher import Matcher
from appliance.intel.meetings import Meetings
from appliance.intel.sniffer import FilteredSniffer
from tests.frames import IPV6, ethernet, ipv4, ipv6, ipv6_fragment, udp
from tests.net.namespaces import DEADLINE_S, INTERFACE, Network
from tests.unit.formats.test_dns_message import A, answer, question
from tests.unit.formats.test_tls_hello import hello
from tests.unit.intel.quic_client import V1, V2, crypto, initial
from tests.unit.intel.sample_lists import ACK, SYN, segment, take

pytestmark = pytest.mark.net

PLANTED, WAYS = 1000, 12
# Frames between which what waits is taken, so that the buffer of the socket does not overflow.
TURN = 50


def met(number: int, name: str, address: bytes) -> list[bytes]:
    """Return frames by which a device meets a name, or an address, in one of WAYS."""
    message, handshake = question(name), bytes(hello(name))[5:]
    whole = udp(message, 53)
    request = b"GET / HTTP/1.1\r\nHost: " + name.encode() + b"\r\n\r\n"
    return (
        [ethernet(ipv4(whole))],
        [ethernet(ipv4(udp(question(f"x.{name}"), 53)), vlans=((0x88A8, 7), (0x8100, 8)))],
        [ethernet(ipv6(whole), IPV6)],
        [ethernet(ipv4(whole[:32], identification=number, more=True)),
         ethernet(ipv4(whole[32:], identification=number, offset=32))],
        [ethernet(ipv6(ipv6_fragment(0, True, number) + whole[:32], 44), IPV6),
         ethernet(ipv6(ipv6_fragment(32, False, number) + whole[32:], 44), IPV6)],
        [ethernet(ipv4(segment(struct.pack("!H", len(message)) + message, port=53), 6))],
        [ethernet(ipv4(segment(hello(name)), 6))],
        [ethernet(ipv6(segment(request, port=80), 6), IPV6)],
        [ethernet(ipv4(udp(initial([crypto(0, handshake)], V1), 443)))],
        [ethernet(ipv6(udp(initial([crypto(60, handshake[60:]), crypto(0, handshake[:60])], V2),
                           443)), IPV6)],
        [ethernet(ipv4(udp(answer("good.example", (A, address)), 41234, 53)))],
        [ethernet(ipv4(segment(flags=SYN), 6, source=address))],
    )[number % WAYS]  # fmt: skip


def planted(number: int, kind: str) -> tuple[str, list[bytes]]:
    """Return an entry, and the frames that meet it; of another `kind` neither is listed."""
    address = bytes((198, 51 if kind == "bad" else 52, number >> 8, number & 255))
    name = f"h{number}.{kind}.example"
    is_address = number % WAYS >= WAYS - 2
    return socket.inet_ntoa(address) if is_address else name, met(number, name, address)


def test_a_thousand_planted_entries_are_met_and_no_others(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meetings, "MOST_A_MINUTE", 10 * PLANTED)
    bad = [planted(number, "bad") for number in range(PLANTED)]
    good = [planted(number, "good") for number in range(PLANTED)]
    noise = ethernet(ipv4(segment(b"x" * 1000, ACK), 6))
    take(tmp_path, a_txt="\n".join(entry for entry, _ in bad))
    (tmp_path / "spool").mkdir()
    matcher = Matcher(Meetings(Allowed(), ()), HitSpool(tmp_path / "spool"))
    matcher.load(tmp_path / "kept")
    with network.inside(network.sensor):
        sniffer = FilteredSniffer(INTERFACE, sniff_filter.program())
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sender.bind((INTERFACE, 0))
    sent = 0
    for number in range(PLANTED):
        for frame in (*bad[number][1], noise, *good[number][1]):
            sender.send(frame)
            sent += frame is not noise
        if number % TURN == TURN - 1:
            _take_all(sniffer, matcher, sent)
    reader = EveSpool(tmp_path / "spool", hit_spool.PREFIX, hit_spool.ENGINE)
    alerts = reader.read(reader.files(), {}).alerts
    assert {alert.message.split()[-3] for alert in alerts} == {entry for entry, _ in bad}
    assert len(alerts) == matcher.meetings.counts.hits == PLANTED
    assert (matcher.frames, sniffer.lost, matcher.undecoded) == (sent, 0, 0)
    sender.close()
    sniffer.close()
    matcher.close()


def _take_all(sniffer: FilteredSniffer, matcher: Matcher, sent: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while matcher.frames < sent:
        assert time.monotonic() < deadline, f"{matcher.frames} of {sent} frames came"
        sniffer.wait(1)
        for frame in sniffer.frames():
            matcher.frame(frame, time.time())
