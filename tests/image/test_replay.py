# SPDX-License-Identifier: MIT
"""On the real dummy interface of the booted image: the same frames, in order, of any size."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.formats.ethernet import as_ethernet
from appliance.formats.tzsp import decode, encode
from appliance.tools.captures import open_capture
from image.demo import TZSP_PORT
from image.machine.guest import Guest
from tests.frames import ethernet
from tests.net.test_receiver_stream import tzsp_datagrams

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

# Longer than one datagram can be without fragments, jumbo, and the most that UDP can carry here.
SIZES = [60, 1467, 1468, 1514, 4000, 9000, 9014, 32_000, 65_000]
GAP_SECONDS, PATIENCE_S = 0.002, 300
CAPTURES = ["tzsp/derived/testmyids_in_tzsp.pcap", "tzsp/derived/scapy_uts_basic.pcap",
            "tzsp/derived/wlan80211_arp_in_tzsp.pcap"]  # fmt: skip

SNIFFER = """
import hashlib, json, os, socket, sys
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
sniffer.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
sniffer.bind(("tzsp0", 3))
sniffer.settimeout(240)
open("/run/sniffer.ready", "w").close()
seen = []
try:
    while len(seen) < int(sys.argv[1]):
        seen.append(hashlib.sha256(sniffer.recv(70000)).hexdigest())
except TimeoutError:
    pass
with open("/run/sniffer.new", "w") as file:
    json.dump(seen, file)
os.rename("/run/sniffer.new", "/run/sniffer.json")
"""


def carried(guest: Guest, datagrams: Sequence[bytes], count: int) -> list[str]:
    """Send datagrams into the guest; return the sums of the first `count` frames on tzsp0."""
    script = base64.b64encode(SNIFFER.encode()).decode()
    guest.run(
        f"rm -f /run/sniffer.*; echo {script} | base64 -d >/run/sniffer.py;"
        f" systemd-run --quiet --collect /usr/bin/python3 /run/sniffer.py {count};"
        " until [ -e /run/sniffer.ready ]; do sleep 0.05; done"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router:
        router.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for datagram in datagrams:
            router.sendto(datagram, ("127.0.0.1", guest.host_port(TZSP_PORT)))
            # The emulator's own network card is not what is tested.
            time.sleep(GAP_SECONDS)
    # A service that is started for them takes its time where the host is busy.
    wait = "until [ -e /run/sniffer.json ]; do sleep 0.05; done; cat /run/sniffer.json"
    done = guest.run(wait, PATIENCE_S)
    return list(json.loads(done))


def sums(frames: Sequence[bytes]) -> list[str]:
    return [hashlib.sha256(frame).hexdigest() for frame in frames]


def test_frames_of_every_size_arrive_unchanged_and_in_order(guest: Guest) -> None:
    frames = [ethernet(bytes(range(256)) * 256, ether_type=0x88B5)[:size] for size in SIZES]
    assert carried(guest, [encode(frame) for frame in frames], len(frames)) == sums(frames)


@pytest.mark.parametrize("name", CAPTURES)
def test_captured_streams_come_out_as_they_went_in(
    name: str, guest: Guest, shared_data: Path
) -> None:
    datagrams = tzsp_datagrams(shared_data / name)
    packets = [decode(memoryview(datagram)) for datagram in datagrams]
    frames = [
        bytes(as_ethernet(packet.encapsulation, packet.payload))
        for packet in packets
        if packet.carries_frame
    ]
    assert carried(guest, datagrams, len(frames)) == sums(frames)


def test_a_real_datagram_comes_out_as_its_frame(guest: Guest, shared_data: Path) -> None:
    datagram = (shared_data / "tzsp/real/rs_tzsp_comment_datagram.bin").read_bytes()
    assert carried(guest, [datagram], 1) == sums([datagram[5:]])


def test_a_plain_http_session_is_carried_whole(guest: Guest, shared_data: Path) -> None:
    with open_capture(shared_data / "tzsp/real/simple_http_reference_not_tzsp.pcap") as records:
        frames = [bytes(record.frame) for record in records]
    assert carried(guest, [encode(frame) for frame in frames], len(frames)) == sums(frames)


def test_a_stopped_service_loses_nothing_that_waits_in_its_socket(guest: Guest) -> None:
    frames = [ethernet(b"%d" % number * 20, ether_type=0x88B5) for number in range(50)]
    """The first datagram starts the service again; all wait in the socket that systemd keeps."""
    guest.run("systemctl stop glovebox-receiver.service")
    assert carried(guest, [encode(frame) for frame in frames], len(frames)) == sums(frames)


def test_conservation_holds_in_the_guest(guest: Guest) -> None:
    found = json.loads(guest.run("cat /run/glovebox/receiver.json"))["tally"]
    assert found["datagrams_received"] == (
        found["frames_sent"] + found["keepalives"] + sum(found["dropped"].values())
    )
    assert found["datagrams_received"] > 0
