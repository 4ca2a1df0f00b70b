# SPDX-License-Identifier: MIT
"""The forwarder is checked against decoding one datagram after the other."""

from __future__ import annotations

import socket
import sys
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.errors import DecodeError
from appliance.formats import tzsp
from appliance.formats.ethernet import UnsupportedEncapsulation, as_ethernet
from appliance.formats.feedback import EchoFilter
from appliance.formats.tzsp import Encapsulation, encode
from appliance.receiver.forward import FEW, Forwarder
from appliance.receiver.mmsg import LARGEST_DATAGRAM, SLOTS, Batch
from appliance.reports.outcomes import Outcome
from appliance.udp.sources import Sources, key_of
from tests.frames import ethernet, ipv4, ipv6, udp

PORT = 37008
# Where the frames of tests/frames.py go to.
OWN = {key_of(ip_address(text)) for text in ("192.0.2.2", "2001:db8::2")}
FRAME = ethernet(ipv4(udp(b"content", destination_port=53)))
KEEPALIVE = b"\x01\x04\x00\x01"
LOOPED = ethernet(ipv4(udp(encode(FRAME), destination_port=PORT)))


class Outlet:
    """Takes the frames in the place of the interface, or refuses them as told."""

    def __init__(self) -> None:
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(self.socket.getsockname())
        self.socket.setblocking(False)
        self.refusal: NDArray[np.uint8] | None = None

    def send(self, batch: Batch, count: int) -> NDArray[np.uint8] | None:
        if self.refusal is not None:
            return self.refusal
        if count:
            assert batch.send(self.socket.fileno(), 0, count) == count
        return None

    def frames(self) -> list[bytes]:
        frames = []
        try:
            while True:
                frames.append(self.socket.recv(1 << 16))
        except BlockingIOError:
            return frames


class Bench:
    """A forwarder between real sockets, and the senders that feed it."""

    def __init__(self, routers: tuple[Any, ...] = (), ports: tuple[int, ...] = (PORT,)) -> None:
        self.outlet = Outlet()
        self.sources = Sources(routers)
        self.batch = Batch()
        self.forwarder = Forwarder(self.outlet, self.sources, ports, OWN)  # type: ignore[arg-type]
        self.receiver = socket.socket(type=socket.SOCK_DGRAM)
        self.receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.receiver.bind(("0.0.0.0", 0))
        self.senders = {}
        for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
            sender = self.senders[host] = socket.socket(type=socket.SOCK_DGRAM)
            sender.bind((host, 0))
            sender.connect(("127.0.0.1", self.receiver.getsockname()[1]))

    def forward(self, *datagrams: bytes | tuple[str, bytes], now: float = 1.0) -> list[bytes]:
        """Send datagrams, forward them as one batch, return the frames that came out."""
        for entry in datagrams:
            host, datagram = entry if isinstance(entry, tuple) else ("127.0.0.1", entry)
            self.senders[host].send(datagram)
        count = self.batch.receive(self.receiver)
        assert count == len(datagrams)
        self.forwarder.forward(self.batch, count, now)
        return self.outlet.frames()

    def counts(self) -> dict[str, Any]:
        return self.sources.total().as_json()

    def close(self) -> None:
        for each in (self.outlet.socket, self.receiver, *self.senders.values()):
            each.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def expected(datagram: bytes) -> tuple[str, bytes]:
    """Return what is to become of a datagram, by decoding it alone."""
    try:
        packet = tzsp.decode(memoryview(datagram))
        if not packet.carries_frame:
            return "keepalives", b""
        frame = as_ethernet(packet.encapsulation, packet.payload, packet.damaged)
    except UnsupportedEncapsulation:
        return "unsupported_encapsulation", b""
    except DecodeError:
        return "malformed", b""
    if EchoFilter({PORT}, OWN).is_echo(memoryview(frame), key_of(ip_address("127.0.0.1")), 0):
        return "feedback", b""
    return "frames_sent", bytes(frame)


def flat(counts: dict[str, Any]) -> Counter[str]:
    return Counter(
        {"frames_sent": counts["frames_sent"], "keepalives": counts["keepalives"]}
        | counts["dropped"]
    )


def test_forward_plain_batch(bench: Bench) -> None:
    frames = [ethernet(bytes((n,)) * (50 + n)) for n in range(SLOTS)]
    assert bench.forward(*map(encode, frames)) == frames
    counts = bench.counts()
    assert counts["frames_sent"] == counts["datagrams_received"] == SLOTS
    assert counts["bytes_sent"] == sum(map(len, frames))
    assert counts["bytes_received"] == counts["bytes_sent"] + 5 * SLOTS


def test_forward_frame_that_was_to_be_transmitted(bench: Bench) -> None:
    transmit = b"\x01\x01\x00\x01\x01" + FRAME
    assert bench.forward(transmit, encode(FRAME), transmit) == [FRAME] * 3


@pytest.mark.parametrize("size", [13, 14, 15, 60, 1514, 9014, 65_502])
def test_forward_frame_of_size(bench: Bench, size: int) -> None:
    frame = ethernet(bytes(60_000) + bytes(5_488))[:size]
    assert bench.forward(encode(frame)) == ([] if size < 14 else [frame])
    assert bench.counts()["dropped"]["malformed"] == (size < 14)


@pytest.mark.parametrize("count", [1, FEW, 3 * FEW])
@pytest.mark.parametrize(
    ("odd", "outcome"),
    [
        (b"", "malformed"),
        (encode(FRAME)[:18], "malformed"),
        (b"\x02" + encode(FRAME)[1:], "malformed"),
        (KEEPALIVE, "keepalives"),
        (encode(FRAME, 99), "unsupported_encapsulation"),
        (encode(LOOPED), "feedback"),
    ],
    ids=["empty", "short", "version", "keepalive", "encapsulation", "feedback"],
)
def test_forward_finds_one_odd_datagram_among_plain_ones(
    bench: Bench, odd: bytes, outcome: str, count: int
) -> None:
    plain = [encode(FRAME)] * (count - 1)
    for _ in range(2):  # now in the slot that it had before, too
        assert bench.forward(*plain, odd) == [FRAME] * (count - 1)
        assert bench.forward(*plain, encode(FRAME)) == [FRAME] * count
    assert bench.counts()["frames_sent"] == 2 * (2 * count - 1)
    assert flat(bench.counts())[outcome] == 2


def calls_of(bench: Bench, *datagrams: bytes | tuple[str, bytes], now: float) -> int:
    """Return how many calls of Python it took to forward a batch: a loop over it would show."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        bench.forward(*datagrams, now=now)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "odd",
    [KEEPALIVE, encode(FRAME), b"junk", bytes((1, 0, 0, 1)) + b"\x28\x00" * 9000],
    ids=["keepalive", "frame", "malformed", "tags alone"],
)
def test_forward_looks_at_no_other_datagram_for_the_sake_of_a_strangers(
    bench: Bench, odd: bytes
) -> None:
    stranger = ("127.0.0.3", odd)
    for _ in range(2):
        few = calls_of(bench, *[encode(FRAME)] * 20, stranger, now=1.0)
        many = calls_of(bench, stranger, *[encode(FRAME)] * (SLOTS - 1), now=1.0)
        assert many - few <= 20
        bench.forward(encode(FRAME))


@pytest.mark.parametrize(
    "odd",
    [KEEPALIVE, b"junk", bytes((1, 0, 0, 1)) + b"\x28\x00" * 9000],
    ids=["keepalive", "malformed", "tags alone"],
)
@pytest.mark.parametrize("routers", [(), (ip_address("127.0.0.2"),)], ids=["any", "listed"])
def test_forward_takes_a_strangers_datagram_alone_about_as_easily_as_a_frame(
    odd: bytes, routers: tuple[IPv4Address, ...]
) -> None:
    """One that comes alone again and again costs the router no more than one of its own."""
    bench = Bench(routers=routers)
    try:
        for _ in range(2):
            plain = calls_of(bench, ("127.0.0.2", encode(FRAME)), now=1.0)
            assert calls_of(bench, ("127.0.0.3", odd), now=1.0) <= 2 * plain
    finally:
        bench.close()


def test_forward_knows_again_who_sends_most_of_a_batch(bench: Bench) -> None:
    for host in ("127.0.0.2", "127.0.0.3", "127.0.0.2"):
        bench.forward(("127.0.0.1", KEEPALIVE), *[(host, encode(FRAME))] * (SLOTS - 1))
        calls = calls_of(bench, KEEPALIVE, *[(host, encode(FRAME))] * (SLOTS - 1), now=1.0)
        assert calls <= calls_of(bench, KEEPALIVE, *[(host, encode(FRAME))] * 20, now=1.0) + 20


@pytest.mark.parametrize("vlans", [(), ((0x8100, 7),)])
def test_forward_looks_at_no_other_frame_after_an_echo_in_fragments(
    bench: Bench, vlans: tuple[tuple[int, int], ...]
) -> None:
    whole = udp(encode(FRAME * 40), destination_port=PORT)
    echo = [
        encode(ethernet(ipv4(whole[:1480], more=True), vlans=vlans)),
        encode(ethernet(ipv4(whole[1480:], offset=1480), vlans=vlans)),
    ]
    frame = ethernet(ipv4(b"", source=bytes((192, 0, 2, 9))), vlans=vlans)
    quiet = calls_of(bench, *[encode(frame)] * SLOTS, now=1.0)
    assert bench.forward(*echo[:1], now=2.0) == []
    watching = calls_of(bench, *[encode(frame)] * SLOTS, now=2.1)
    assert watching - quiet <= SLOTS // 3
    assert bench.forward(echo[1], *[encode(frame)] * 9, now=2.2) == [frame] * 9
    assert bench.counts()["dropped"]["feedback"] == 2


def test_forward_ignores_what_an_earlier_datagram_left_in_the_slot(bench: Bench) -> None:
    assert bench.forward(encode(LOOPED), encode(FRAME)) == [FRAME]
    assert bench.forward(b"", b"\x01", encode(FRAME)[:18], encode(FRAME)) == [FRAME]
    assert bench.forward(encode(FRAME[:20])) == [FRAME[:20]]
    assert +flat(bench.counts()) == Counter(frames_sent=3, malformed=3, feedback=1)


def test_forward_turns_other_encapsulations_into_ethernet_in_place_and_order(bench: Bench) -> None:
    packet = ipv4(udp(b"bare"))
    tagged = b"\x01\x00\x00\x01\x0a\x01\x05\x01" + FRAME
    frames = bench.forward(
        encode(FRAME), encode(packet, Encapsulation.RAW_IP), tagged, encode(FRAME)
    )
    assert [frames[0], frames[2], frames[3]] == [FRAME] * 3
    assert (frames[1][12:14], frames[1][14:]) == (b"\x08\x00", packet)


@pytest.mark.parametrize("count", [1, 3 * FEW])
def test_forward_drops_what_was_cut_off(bench: Bench, count: int) -> None:
    # No UDP datagram is longer than its slot; what comes from another kind of socket may be.
    bench.receiver.close()
    bench.receiver, sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    bench.senders["127.0.0.1"] = sender
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    too_long = encode(ethernet(bytes(LARGEST_DATAGRAM)))
    assert bench.forward(*[encode(FRAME)] * (count - 1), too_long) == [FRAME] * (count - 1)
    assert bench.counts()["dropped"]["malformed"] == 1


def test_forward_plain_batch_after_a_mixed_one(bench: Bench) -> None:
    bench.forward(KEEPALIVE, encode(FRAME), encode(ipv4(b""), Encapsulation.RAW_IP))
    frames = [ethernet(bytes((n,)) * 90) for n in range(3)]
    assert bench.forward(*map(encode, frames)) == frames


def test_forward_drops_feedback_on_any_of_its_ports() -> None:
    bench = Bench(ports=(PORT, 40000))
    looped = [
        ethernet(ipv4(udp(encode(FRAME), destination_port=port))) for port in (PORT, 40000, 40001)
    ]
    try:
        assert bench.forward(*map(encode, looped)) == looped[2:]
        assert bench.counts()["dropped"]["feedback"] == 2
    finally:
        bench.close()


@pytest.mark.parametrize("count", [1, 3 * FEW])
def test_forward_drops_senders_that_are_not_listed(count: int) -> None:
    bench = Bench(routers=(ip_address("127.0.0.2"),))
    try:
        stranger = "127.0.0.3"
        assert bench.forward(*[(stranger, encode(FRAME))] * count) == []
        assert bench.forward((stranger, KEEPALIVE), (stranger, b"junk")) == []
        other = ethernet(b"other" * 10)
        mixed = [(stranger, encode(FRAME)), ("127.0.0.2", encode(other))]
        assert bench.forward(*mixed) == [other]
        assert bench.counts()["dropped"]["unlisted_source"] == count + 3
    finally:
        bench.close()


def test_forward_counts_each_sender_apart(bench: Bench) -> None:
    hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.2"]
    bench.forward(*((host, encode(FRAME)) for host in hosts), ("127.0.0.1", b""), now=7.0)
    bench.forward(("127.0.0.3", KEEPALIVE), now=8.0)
    by_address = {source.address: source for source in bench.sources}
    assert {address: +flat(source.tally.as_json()) for address, source in by_address.items()} == {
        "127.0.0.1": Counter(frames_sent=1, malformed=1),
        "127.0.0.2": Counter(frames_sent=2),
        "127.0.0.3": Counter(frames_sent=1, keepalives=1),
    }
    assert [by_address[host].last_seen for host in hosts[:3]] == [7.0, 7.0, 8.0]
    assert bench.sources.last_frame == 7.0


@pytest.mark.parametrize("count", [1, FEW])
def test_forward_counts_senders_of_plain_frames_apart(bench: Bench, count: int) -> None:
    hosts = ["127.0.0.1", "127.0.0.2"] * count
    assert bench.forward(*((host, encode(FRAME)) for host in hosts)) == [FRAME] * len(hosts)
    counts = {source.address: source.tally.as_json()["frames_sent"] for source in bench.sources}
    assert counts == {"127.0.0.1": count, "127.0.0.2": count}


def test_forward_knows_a_sender_whatever_port_it_sends_from(bench: Bench) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.connect(bench.senders["127.0.0.1"].getpeername())
        bench.senders["127.0.0.3"] = other
        for host in ("127.0.0.1", "127.0.0.3", "127.0.0.1"):
            assert bench.forward((host, encode(FRAME)), encode(FRAME)) == [FRAME, FRAME]
    assert [source.address for source in bench.sources] == ["127.0.0.1"]


@pytest.mark.parametrize("first", [encode(FRAME), KEEPALIVE], ids=["plain", "mixed"])
def test_forward_counts_what_the_interface_refused(bench: Bench, first: bytes) -> None:
    sent = 3 - (first == KEEPALIVE)
    bench.outlet.refusal = np.array([Outcome.OVERSIZE, Outcome.SENT, Outcome.NO_BUFFER][:sent])
    bench.forward(first, encode(FRAME), encode(FRAME))
    counts = bench.counts()
    assert counts["dropped"]["oversize"] == 1
    assert counts["frames_sent"] == 1
    assert counts["bytes_sent"] == len(FRAME)
    assert counts["datagrams_received"] == 3


def test_forward_that_sends_nothing_is_no_frame(bench: Bench) -> None:
    bench.forward(KEEPALIVE)
    assert bench.sources.last_frame is None


FRAMES = st.sampled_from(
    [
        FRAME,
        LOOPED,
        FRAME[:14],
        FRAME[:13],
        ethernet(ipv6(udp(encode(FRAME))), 0x86DD),
        ethernet(ipv4(udp(b"not TZSP", destination_port=PORT))),
        ethernet(ipv4(udp(encode(FRAME), destination_port=PORT)), vlans=((0x8100, 1),)),
    ]
)
HEADERS = st.sampled_from(
    [b"\x01\x00\x00\x01\x01", b"\x01\x01\x00\x01\x01", b"\x01\x00\x00\x01\x0a\x01\x05\x00\x01"]
)
DATAGRAMS = st.one_of(
    st.builds(bytes.__add__, HEADERS, FRAMES),
    st.builds(lambda number: encode(ipv4(udp(b"ip")), number), st.integers(0, 130)),
    st.binary(max_size=80),
    st.builds(lambda start, rest: start + rest, HEADERS, st.binary(max_size=120)),
    st.just(KEEPALIVE),
)
HOSTS = st.sampled_from(["127.0.0.1", "127.0.0.2", "127.0.0.3"])


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(HOSTS, DATAGRAMS), min_size=1, max_size=12), max_size=4))
def test_forward_agrees_with_decoding_one_by_one(batches: list[list[tuple[str, bytes]]]) -> None:
    bench = Bench()
    outcomes: Counter[str] = Counter()
    per_host: Counter[str] = Counter()
    try:
        for batch in batches:
            results = [expected(datagram) for _, datagram in batch]
            assert bench.forward(*batch) == [
                frame for outcome, frame in results if outcome == "frames_sent"
            ]
            outcomes.update(outcome for outcome, _ in results)
            per_host.update(host for host, _ in batch)
        assert +flat(bench.counts()) == outcomes
        assert {
            source.address: source.tally.as_json()["datagrams_received"] for source in bench.sources
        } == per_host
        received = sum(len(datagram) for batch in batches for _, datagram in batch)
        assert bench.counts()["bytes_received"] == received
    finally:
        bench.close()
