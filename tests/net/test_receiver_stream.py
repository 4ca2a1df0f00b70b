# SPDX-License-Identifier: MIT
"""What goes in as TZSP comes out as the same frames, in order, and is counted."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.formats.tzsp import encode
from appliance.tools.captures import open_capture
from tests.frames import ethernet, ipv4, ipv6, udp
from tests.net.namespaces import (
    ROUTER_ADDRESS,
    ROUTER_ADDRESS6,
    SENSOR_ADDRESS,
    SENSOR_ADDRESS6,
    Network,
    Sniffer,
    ip,
    on_one_cpu,
)
from tests.net.receiving import Replay, assert_conserved, replaying

pytestmark = pytest.mark.net

PORT = 37008
# No more than this under way at once: the tests of loss are elsewhere.
WINDOW = 100
KEEPALIVE = b"\x01\x04\x00\x01"
FRAME = ethernet(ipv4(udp(b"inner", destination_port=53)))
MARKER = ethernet(b"marker" * 10, ether_type=0x88B5)

REAL_CAPTURES = [
    "ids/arkime/pppoe.pcap",
    "ids/formats/tcpreplay__test.pcap",
    "ids/maltrail/vlan.pcap",
    "ids/ndpi/http_ipv6.pcap",
    "ids/ndpi/netflix.pcap",
    "ids/ndpi/WebattackSQLinj.pcap",
    "ids/snort3_demo/codecs__vlan/double_tagging_0x88A8_0x8100.pcap",
    "ids/zeek/ipv4__fragmented-1.pcap",
    "ids/zeek/mixed-vlan-mpls.pcap",
    "tzsp/real/simple_http_reference_not_tzsp.pcap",
]


def send(network: Network, datagrams: Sequence[bytes], port: int = PORT) -> None:
    with network.udp_socket() as router, on_one_cpu():
        for datagram in datagrams:
            router.sendto(datagram, (SENSOR_ADDRESS, port))


def carry(network: Network, sniffer: Sniffer, frames: Sequence[bytes]) -> list[bytes]:
    """Send frames in TZSP, no faster than they come out, and return what came out."""
    seen: list[bytes] = []
    for start in range(0, len(frames), WINDOW):
        window = frames[start : start + WINDOW]
        send(network, [encode(frame) for frame in window])
        seen += sniffer.frames(len(window))
    return seen


def tzsp_datagrams(capture: Path) -> list[bytes]:
    """Return the UDP payloads of a capture of IPv4 without options or fragments."""
    with open_capture(capture) as records:
        return [record.frame[42:] for record in records]


@pytest.fixture
def service(network: Network, tmp_path: Path) -> Iterator[Replay]:
    with replaying(network, tmp_path, "--listen", str(PORT)) as running:
        yield running


@pytest.mark.parametrize("name", REAL_CAPTURES)
def test_replay_carries_real_frames_unchanged_and_in_order(
    network: Network, sniffer: Sniffer, service: Replay, shared_data: Path, name: str
) -> None:
    with open_capture(shared_data / name) as records:
        frames = [bytes(record.frame) for record in records]
    assert carry(network, sniffer, frames) == frames
    report = service.stop()
    assert report["frames_sent"] == report["datagrams_received"] == len(frames)
    assert report["bytes_sent"] == sum(map(len, frames))
    assert report["bytes_received"] == report["bytes_sent"] + 5 * len(frames)


def test_replay_unwraps_a_captured_alert_exactly(
    network: Network, sniffer: Sniffer, service: Replay, shared_data: Path
) -> None:
    capture = shared_data / "tzsp/derived/testmyids_in_tzsp.pcap"
    expected = json.loads(capture.with_name(f"{capture.name}.expected.json").read_text())
    send(network, tzsp_datagrams(capture))
    frames = sniffer.frames(expected["frames"])
    assert [(len(frame), hashlib.sha256(frame).hexdigest()) for frame in frames] == [
        (detail["len"], detail["sha256"]) for detail in expected["frames_detail"]
    ]
    assert service.stop()["frames_sent"] == expected["frames"]


def test_replay_skips_tags_and_counts_keepalives(
    network: Network, sniffer: Sniffer, service: Replay, shared_data: Path
) -> None:
    capture = shared_data / "tzsp/derived/scapy_uts_basic.pcap"
    expected = json.loads(capture.with_name(f"{capture.name}.expected.json").read_text())
    frames = [packet for packet in expected["packets"] if packet["expect"] == "frame"]
    send(network, tzsp_datagrams(capture))
    assert [hashlib.sha256(frame).hexdigest() for frame in sniffer.frames(len(frames))] == [
        packet["frame_sha256"] for packet in frames
    ]
    report = service.stop()
    assert (report["frames_sent"], report["keepalives"]) == (4, 1)


def test_replay_turns_wireless_frames_into_ethernet(
    network: Network, sniffer: Sniffer, service: Replay, shared_data: Path
) -> None:
    datagrams = tzsp_datagrams(shared_data / "tzsp/derived/wlan80211_arp_in_tzsp.pcap")
    send(network, datagrams)
    for datagram, frame in zip(datagrams, sniffer.frames(len(datagrams)), strict=True):
        # ARP for IPv4 over Ethernet behind LLC and SNAP has 28 bytes.
        arp = datagram.partition(bytes.fromhex("aaaa03000000"))[2][: 2 + 28]
        assert frame[12 : 12 + len(arp)] == arp
        assert frame[6:12] == arp[10:16], "the sender's hardware address"
    assert service.stop()["frames_sent"] == len(datagrams)


def test_replay_unwraps_a_real_datagram(
    network: Network, sniffer: Sniffer, service: Replay, shared_data: Path
) -> None:
    datagram = (shared_data / "tzsp/real/rs_tzsp_comment_datagram.bin").read_bytes()
    send(network, [datagram])
    assert sniffer.frame() == datagram[5:]
    assert service.stop()["frames_sent"] == 1


def test_replay_takes_parser_vectors_as_malformed_or_too_short(
    network: Network, sniffer: Sniffer, service: Replay, shared_data: Path
) -> None:
    vectors = json.loads((shared_data / "tzsp/vectors/rs_tzsp_testread.json").read_text())
    datagrams = [bytes.fromhex(vector["hex"]) for vector in vectors["vectors"]]
    send(network, [*datagrams, encode(MARKER)])
    assert sniffer.frame() == MARKER, "their frames have no Ethernet header"
    report = service.stop()
    assert report["dropped"]["malformed"] == len(datagrams)
    assert_conserved(report)


@pytest.mark.parametrize("length", [14, 60, 1467, 1468, 1514, 2048, 9000, 9014, 65_000, 65_502])
def test_replay_carries_frames_of_any_length_through_outer_fragments(
    network: Network, sniffer: Sniffer, service: Replay, length: int
) -> None:
    frames = [ethernet(bytes((n,)) * (length - 14), ether_type=0x88B5) for n in range(5)]
    assert carry(network, sniffer, frames) == frames
    assert service.stop()["frames_sent"] == len(frames)


def test_replay_counts_fragments_that_never_became_a_datagram(
    network: Network, sniffer: Sniffer, service: Replay
) -> None:
    with network.inside(network.router):
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with raw:
        for identification in (1, 2, 3):
            # A last fragment that overlaps the one before cannot be put together (RFC 791, 8900).
            for offset, size, more in ((0, 1480, True), (8, 3, True)):
                packet = ipv4(bytes(size), identification=identification, offset=offset, more=more)
                raw.sendto(packet[:16] + socket.inet_aton(SENSOR_ADDRESS) + packet[20:],
                           (SENSOR_ADDRESS, 0))  # fmt: skip
    service.wait_for(1, "reassembly_failures")
    assert service.stop()["reassembly_failures"] >= 1


def test_replay_listens_on_other_ports_and_several(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    ports = (40000, 40001, 40002)
    listen = [word for port in ports for word in ("--listen", str(port))]
    with replaying(network, tmp_path, *listen) as service:
        for port in ports * 3:
            frame = ethernet(port.to_bytes(4, "big") * 20, ether_type=0x88B5)
            send(network, [encode(frame)], port)
            assert sniffer.frame() == frame
        service.wait_for(9)
        assert service.published()["ports"] == list(ports)
        assert service.stop()["frames_sent"] == 9


def test_replay_listens_on_one_address_alone(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    with replaying(network, tmp_path, "--listen", f"{SENSOR_ADDRESS}:{PORT}") as service:
        assert carry(network, sniffer, [MARKER]) == [MARKER]
        with network.inside(network.sensor), socket.socket(type=socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", PORT))
        assert service.stop()["frames_sent"] == 1


def test_replay_hears_both_ip_versions_and_tells_senders_apart(
    network: Network, sniffer: Sniffer, service: Replay
) -> None:
    with network.udp_socket() as router, network.udp_socket(socket.AF_INET6) as router6:
        for count in range(3):
            router.sendto(encode(FRAME), (SENSOR_ADDRESS, PORT))
            if count:
                router6.sendto(encode(FRAME), (SENSOR_ADDRESS6, PORT))
    assert sniffer.frames(5) == [FRAME] * 5
    service.wait_for(5)
    sources = service.published()["sources"]
    assert {address: counts["frames_sent"] for address, counts in sources.items()} == {
        ROUTER_ADDRESS: 3,
        ROUTER_ADDRESS6: 2,
    }


def test_replay_drops_and_counts_senders_that_are_no_router(
    network: Network, sniffer: Sniffer, tmp_path: Path
) -> None:
    options = ("--listen", str(PORT), "--routers", ROUTER_ADDRESS6)
    with replaying(network, tmp_path, *options) as service:
        send(network, [encode(FRAME)] * 4 + [KEEPALIVE])
        with network.udp_socket(socket.AF_INET6) as router6:
            router6.sendto(encode(MARKER), (SENSOR_ADDRESS6, PORT))
        assert sniffer.frame() == MARKER
        report = service.stop()
    assert report["dropped"]["unlisted_source"] == 5
    assert report["frames_sent"] == 1


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda inner: ethernet(ipv4(udp(inner))), id="IPv4"),
        pytest.param(lambda inner: ethernet(ipv6(udp(inner)), 0x86DD), id="IPv6"),
        pytest.param(
            lambda inner: ethernet(ipv4(udp(inner)), vlans=((0x8100, 7),)), id="VLAN"
        ),
        pytest.param(
            lambda inner: ethernet(ipv6(udp(inner)), 0x86DD, ((0x88A8, 7), (0x8100, 8))),
            id="QinQ-IPv6",
        ),
        pytest.param(
            lambda inner: ethernet(ipv4(udp(inner), options=b"\1" * 8)), id="IPv4-options"
        ),
    ],
)  # fmt: skip
def test_replay_drops_its_own_stream_fed_back(
    network: Network, sniffer: Sniffer, service: Replay, wrap: Callable[[bytes], bytes]
) -> None:
    looped = wrap(encode(FRAME))
    assert carry(network, sniffer, [FRAME, MARKER]) == [FRAME, MARKER]
    send(network, [encode(looped)] * 3 + [encode(MARKER)])
    assert sniffer.frame() == MARKER
    report = service.stop()
    assert report["dropped"]["feedback"] == 3
    assert service.stderr.count("filter-stream=yes") == 1, "how to stop it, once"


def test_replay_passes_other_datagrams_to_its_port_number(
    network: Network, sniffer: Sniffer, service: Replay
) -> None:
    harmless = ethernet(ipv4(udp(b"this is no TZSP at all", destination_port=PORT)))
    assert carry(network, sniffer, [harmless]) == [harmless]


DATAGRAMS = st.one_of(
    st.binary(max_size=200),
    st.just(KEEPALIVE),
    st.binary(min_size=1, max_size=60).map(lambda tail: encode(FRAME)[:-1] + tail),
    st.tuples(st.integers(0, 24), st.integers(0, 255)).map(
        lambda change: bytes(
            change[1] if at == change[0] else byte for at, byte in enumerate(encode(FRAME))
        )
    ),
    st.integers(0, 60).map(lambda length: encode(FRAME)[:length]),
)


def test_replay_accounts_for_whatever_comes(
    network: Network, sniffer: Sniffer, service: Replay
) -> None:
    sent = 0

    @settings(max_examples=100, deadline=None)
    @given(st.lists(DATAGRAMS, max_size=WINDOW))
    def feed(datagrams: list[bytes]) -> None:
        nonlocal sent
        send(network, [*datagrams, encode(MARKER)])
        sent += len(datagrams) + 1
        while sniffer.frame() != MARKER:
            pass

    feed()
    report = service.stop()
    assert report["datagrams_received"] == sent
    assert_conserved(report)


STRANGER_ADDRESS = "192.0.2.66"
FLOOD = 60_000


def stranger(network: Network) -> socket.socket:
    """Return a UDP socket of a second host beside the router."""
    ip("-n", network.router, "address", "add", f"{STRANGER_ADDRESS}/32", "dev", "lo")
    with network.inside(network.router):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((STRANGER_ADDRESS, 0))
    return made


def test_a_thousand_of_the_worst_datagrams_hold_up_nobody(
    network: Network, sniffer: Sniffer, service: Replay
) -> None:
    bombs = [
        b"\x01\x00\x00\x01" + b"\x28\x00" * 32_000 + b"\x01" + bytes(60),
        b"\x01\x00\x00\x03\x01\xc0\x45" + b"\xdb\xdc" * 31_000,
        b"\x01\x00\x00\x12\x01\x08\x00" + bytes(62_000),
    ]
    with stranger(network) as attacker, network.udp_socket() as router:
        for number in range(1000):
            attacker.sendto(bombs[number % len(bombs)], (SENSOR_ADDRESS, PORT))
        router.sendto(encode(MARKER), (SENSOR_ADDRESS, PORT))
        # A fifth of them took ten seconds where their tags were followed to the end.
        assert sniffer.frame(5.0) == MARKER
    report = service.stop()
    assert_conserved(report)


@pytest.mark.parametrize("routers", [(), ("--routers", ROUTER_ADDRESS)], ids=["any", "listed"])
def test_a_flood_of_one_host_takes_nothing_from_another(
    network: Network, sniffer: Sniffer, tmp_path: Path, routers: tuple[str, ...]
) -> None:
    small = ("--receive-buffer", "64K")
    with replaying(network, tmp_path, "--listen", str(PORT), *small, *routers) as service:
        with stranger(network) as attacker, network.udp_socket() as router:
            # Stopped, it takes nothing: whatever is not in a queue of its own is lost.
            service.process.send_signal(signal.SIGSTOP)
            for _ in range(FLOOD):
                attacker.sendto(encode(FRAME), (SENSOR_ADDRESS, PORT))
            for _ in range(50):
                router.sendto(encode(MARKER), (SENSOR_ADDRESS, PORT))
            service.process.send_signal(signal.SIGCONT)
        service.wait_for(50, "frames_sent")
        service.wait_for_beat()
        service.wait_for_beat()
        tally = service.published()["sources"][ROUTER_ADDRESS]
        assert tally["frames_sent"] == 50
        report = service.stop()
    assert report["socket_overflow"] > 0
    assert_conserved(report)
