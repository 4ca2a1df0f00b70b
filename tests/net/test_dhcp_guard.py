# SPDX-License-Identifier: MIT
"""The guard against real servers; a capture of the Glovebox's cable is the witness of each test."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from appliance.dhcp.message import Kind
from tests.conftest import missing
from tests.net.kit import (
    Asker,
    Box,
    Segment,
    Witness,
    foreign_dnsmasq,
    foreign_kea,
    station_of,
)
from tests.net.namespaces import ip
from tests.net.playedserver import PlayedServer

pytestmark = [pytest.mark.net, pytest.mark.timeout(240)]

SERVERS = {"dnsmasq": foreign_dnsmasq, "kea": foreign_kea}
# Trials play the guard's time this much quicker; its path is the same.
HASTE = 6.0
LANES, TRIALS_EACH = 5, 10
UDHCPC = ["udhcpc", "-i", "eth0", "-f", "-q", "-s", "/bin/true", "-t", "30", "-T", "3", "-A", "1"]


@pytest.fixture
def segment() -> Iterator[Segment]:
    if not shutil.which("udhcpc"):
        missing("no udhcpc, the DHCP client")
    made = Segment()
    yield made
    made.close()


@contextlib.contextmanager
def box_at(segment: Segment, folder: Path, name: str = "box", haste: float = 1.0) -> Iterator[Box]:
    box = Box(segment.station(name), folder, haste=haste)
    box.start()
    try:
        yield box
    finally:
        box.close()


@contextlib.contextmanager
def witness_of(segment: Segment, name: str = "box") -> Iterator[Witness]:
    segment.station(name)
    witness = segment.witness(name)
    try:
        yield witness
    finally:
        witness.close()


@pytest.mark.parametrize("server", [None, *SERVERS])
def test_trials_beside_a_server_bring_no_offer_of_ours(server: str | None, tmp_path: Path) -> None:
    """50 times with each of two servers, a Glovebox is plugged in where a client keeps asking.

    It knows the client, so nothing would delay an offer; without a server (once) there are some.
    """
    offers: list[int] = []

    def trial(segment: Segment, folder: Path, asker: Asker) -> int:
        """Plug it in, wait for as long as it would look, and more; return its offers."""
        segment.cable("box", "down")
        box = Box(f"{segment.name}-box", folder, haste=HASTE)
        box.know(asker.station, "10.77.0.9")
        with witness_of(segment) as witness:
            segment.cable("box", "up")
            box.start()
            box.wait_for("foreign" if server else "free")
            if server is None:
                witness.wait_for(Kind.OFFER)
            time.sleep(6.0 / HASTE)
            box.close()
            return len(witness.from_server(box.station))

    def lane(number: int) -> None:
        segment = Segment()
        try:
            if server:
                SERVERS[server](segment, segment.station("home", "192.168.88.1/24"))
            segment.station("box")
            asker = Asker(segment, "asker")
            for each in range(TRIALS_EACH if server else 1):
                offers.append(trial(segment, tmp_path / f"{number}-{each}", asker))
            asker.close()
        finally:
            segment.close()

    threads = [threading.Thread(target=lane, args=(number,)) for number in range(LANES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if server:
        assert offers == [0] * LANES * TRIALS_EACH
    else:
        assert len(offers) == LANES
        assert min(offers) > 0


def test_client_has_its_lease_soon_after_link_up(segment: Segment, tmp_path: Path) -> None:
    client = segment.station("client")
    with box_at(segment, tmp_path) as box, witness_of(segment) as witness:
        box.wait_for("looking")
        segment.cable("box", "down")
        box.wait_for("no_carrier")
        start = time.monotonic()
        segment.cable("box", "up")
        segment.start(client, UDHCPC)
        (ack, *_) = witness.wait_for(Kind.ACK)
        assert ack.station == box.station
        print(f"a lease {ack.time - start:.1f} s after link up")


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_appears_later_ends_our_serving_within_five_seconds(
    segment: Segment, tmp_path: Path, server: str
) -> None:
    home, client = segment.station("home", "192.168.88.1/24"), segment.station("client")
    with box_at(segment, tmp_path) as box, witness_of(segment) as witness:
        box.wait_for("free")
        segment.start(client, UDHCPC)
        witness.wait_for(Kind.ACK)
        with witness_of(segment, "home") as at_home:
            SERVERS[server](segment, home)
            start_clients(segment, 3)
            first = first_of(at_home, lambda: at_home.seen(Kind.OFFER, Kind.ACK))
            box.wait_for("foreign")
            time.sleep(max(0.0, first + 8.0 - time.monotonic()))
            late = [each for each in witness.from_server(box.station) if each.time > first + 5.0]
        assert late == []
        assert not box.serves
        assert box.report["server"]["address"] == "192.168.88.1"


def first_of(witness: Witness, found: Callable[[], Sequence[object]]) -> float:
    """Return when the first foreign server's packet passed."""
    deadline = time.monotonic() + 30.0
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return min(each.time for each in witness.seen(Kind.OFFER, Kind.ACK))


def start_clients(segment: Segment, count: int) -> None:
    """Let some clients ask, each a second after the one before."""

    def ask() -> None:
        for number in range(count):
            segment.start(segment.station(f"late{number}"), UDHCPC)
            time.sleep(1.0)

    threading.Thread(target=ask, daemon=True).start()


def test_serving_begins_again_once_the_server_is_gone(segment: Segment, tmp_path: Path) -> None:
    home = segment.station("home", "192.168.88.1/24")
    process = foreign_dnsmasq(segment, home)
    with box_at(segment, tmp_path, haste=HASTE) as box, witness_of(segment) as witness:
        box.wait_for("foreign")
        process.kill()
        box.wait_for("free")
        segment.start(segment.station("client"), UDHCPC)
        (ack, *_) = witness.wait_for(Kind.ACK)
        assert ack.station == box.station


def test_two_ports_at_once_one_at_home_and_one_in_the_car(tmp_path: Path) -> None:
    home, car = Segment(), Segment()
    try:
        foreign_dnsmasq(home, home.station("router", "192.168.88.1/24"))
        namespace = home.station("box")
        car.plug(namespace, "box", "eth1")
        boxes = [Box(namespace, tmp_path, port) for port in ("eth0", "eth1")]
        with witness_of(home) as at_home, witness_of(car) as in_car:
            for box in boxes:
                box.start()
            car.start(car.station("client"), UDHCPC)
            (ack, *_) = in_car.wait_for(Kind.ACK)
            assert ack.station == boxes[1].station
            assert ack.message is not None
            assert str(ack.message.address).startswith("10.77.1.")
            assert boxes[0].wait_for("foreign")["serving"] is False
            assert at_home.from_server(boxes[0].station) == []
        for box in boxes:
            box.close()
    finally:
        car.close()
        home.close()


@pytest.mark.parametrize("manner", ["slow", "garbage", "truncated", "unicast", "bootp"])
def test_a_server_of_bad_manners_is_a_server(segment: Segment, tmp_path: Path, manner: str) -> None:
    """Slow: it answers after three seconds. Unicast: not to everyone, although asked to."""
    server = PlayedServer(segment, manner)
    with witness_of(segment) as witness, box_at(segment, tmp_path) as box:
        segment.start(segment.station("client"), UDHCPC)
        box.wait_for("foreign")
        time.sleep(3.0)
        assert witness.from_server(box.station) == []
        assert box.report["server"]["station"] == server.station.hex(":")
    server.close()


def test_a_server_that_answers_known_devices_alone_is_a_server(
    segment: Segment, tmp_path: Path
) -> None:
    """It never answers the guard's questions; what tells of it is a device that takes its offer."""
    client = segment.station("client")
    known = f"--dhcp-host={station_of(client).hex(':')},set:known"
    home = segment.station("home", "192.168.88.1/24")
    foreign_dnsmasq(segment, home, known, "--dhcp-ignore=tag:!known")
    with witness_of(segment) as witness, box_at(segment, tmp_path, haste=HASTE) as box:
        box.wait_for("free")
        segment.start(client, UDHCPC)
        (taken, *_) = witness.wait_for(Kind.REQUEST)
        assert taken.message is not None
        assert str(taken.message.server) == "192.168.88.1"
        assert "takes an address from it" in box.wait_for("foreign")["words"]
        # Longer than dnsmasq pings an address before it offers it.
        time.sleep(4.0)
        assert witness.from_server(box.station) == []
        assert not box.serves


@pytest.mark.parametrize(("number", "reason"), [(10, "free"), (0, "foreign")])
def test_a_server_in_another_vlan_is_none_of_ours(
    segment: Segment, tmp_path: Path, number: int, reason: str
) -> None:
    """Frames of a VLAN reach the guard's port too; number 0 is no VLAN, only a priority."""
    rude = PlayedServer(segment, f"vlan {number}")
    with witness_of(segment) as witness, box_at(segment, tmp_path) as box:
        witness.wait_for(Kind.DISCOVER)
        asker = Asker(segment, "client")
        box.wait_for(reason)
        asker.close()
        assert rude.answered > 0
        assert box.report["serving"] is (reason == "free")
    rude.close()


@pytest.mark.parametrize(
    "ports", ["two machines", pytest.param("one machine", marks=pytest.mark.long)]
)
def test_of_two_that_start_in_the_same_second_one_serves(
    segment: Segment, tmp_path: Path, ports: str
) -> None:
    """The other is silent and says why; nobody is offered two addresses."""
    first = segment.station("box")
    if ports == "one machine":
        segment.plug(first, "second", "eth1")
        places = [(first, "eth0"), (first, "eth1")]
    else:
        places = [(first, "eth0"), (segment.station("second"), "eth0")]
    boxes = [Box(name, tmp_path / str(at), port) for at, (name, port) in enumerate(places)]
    with witness_of(segment, "client") as witness:
        for box in boxes:
            box.start()
        wait_for(lambda: sum(box.report.get("reason") == "free" for box in boxes) == 1)
        (serving,) = (box for box in boxes if box.report.get("reason") == "free")
        (silent,) = (box for box in boxes if box is not serving)
        words = silent.wait_for("own_port" if ports == "one machine" else "foreign")["words"]
        segment.start(segment.station("client"), UDHCPC)
        witness.wait_for(Kind.ACK)
        assert ("eth0" if ports == "one machine" else "it is another Glovebox") in words
        answers = [each.station for each in witness.seen(Kind.OFFER, Kind.ACK)]
        assert set(answers) == {serving.station}
        assert serving.serves
        assert not silent.serves
        for box in boxes:
            box.close()


@pytest.mark.long
def test_of_two_that_serve_when_their_switches_are_joined_one_goes_on(
    segment: Segment, tmp_path: Path
) -> None:
    lonely = Segment()
    with (
        box_at(segment, tmp_path / "0", haste=HASTE) as box,
        box_at(lonely, tmp_path / "1", haste=HASTE) as other,
        witness_of(segment, "client") as witness,
    ):
        box.wait_for("free")
        other.wait_for("free")
        join(segment, lonely)
        segment.start(segment.station("client"), UDHCPC)
        witness.wait_for(Kind.ACK)
        wait_for(lambda: {box.report["reason"], other.report["reason"]} == {"free", "foreign"})
        wait_for(lambda: box.serves is not other.serves)
    lonely.close()


def join(one: Segment, other: Segment) -> None:
    """Lay a cable from switch to switch: at the stations no link changes."""
    ip("link", "add", "joint", "netns", one.name, "type", "veth",
       "peer", "name", "joint", "netns", other.name)  # fmt: skip
    for segment in (one, other):
        ip("-n", segment.name, "link", "set", "joint", "master", "switch", "up")


def test_a_server_behind_a_relay_is_a_server(segment: Segment, tmp_path: Path) -> None:
    far = Segment()
    try:
        far_home = far.station("far", "192.0.2.1/24")
        far.start(far_home, ["ip", "route", "add", "192.168.88.0/24", "via", "192.0.2.2"])
        foreign_dnsmasq(far, far_home)
        relay = segment.station("relay", "192.168.88.2/24")
        far.plug(relay, "relay", "eth1")
        segment.start(relay, ["ip", "address", "add", "192.0.2.2/24", "dev", "eth1"]).wait()
        segment.start(
            relay,
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--pid-file=",
             "--dhcp-relay=192.168.88.2,192.0.2.1", "--log-facility=-"],
        )  # fmt: skip
        with witness_of(segment) as witness, box_at(segment, tmp_path) as box:
            segment.start(segment.station("client"), UDHCPC)
            box.wait_for("foreign")
            time.sleep(2.0)
            assert witness.from_server(box.station) == []
            assert box.report["server"]["address"].startswith("192.")
    finally:
        far.close()


def test_a_port_that_leads_home_is_never_asked_on(segment: Segment, tmp_path: Path) -> None:
    """It has an address already: not even a question goes out."""
    namespace = segment.station("box", "192.168.88.7/24")
    box = Box(namespace, tmp_path)
    with witness_of(segment) as witness:
        box.start()
        box.wait_for("address")
        segment.start(segment.station("client"), UDHCPC)
        witness.wait_for(Kind.DISCOVER, count=3)
        assert {each.station for each in witness.seen()}.isdisjoint({box.station})
        assert len({each.station for each in witness.seen()}) == 1
        box.close()


def test_other_servers_are_asked_little(segment: Segment, tmp_path: Path) -> None:
    """Beside a server: one question answered, then none until the pause is over; nothing leased."""
    home = segment.station("home", "192.168.88.1/24")
    foreign_dnsmasq(segment, home)
    with witness_of(segment) as witness, box_at(segment, tmp_path) as box:
        box.wait_for("foreign")
        time.sleep(6.0)
        assert 1 <= len(witness.seen(Kind.DISCOVER)) <= 2
        assert witness.seen(Kind.REQUEST, Kind.ACK) == []


def test_serving_ends_with_the_guard_however_it_ends(segment: Segment, tmp_path: Path) -> None:
    with box_at(segment, tmp_path, haste=HASTE) as box:
        box.wait_for("free")
        wait_for(lambda: box.serves)
        assert box.guard is not None
        box.guard.kill()
        wait_for(lambda: not box.serves)
        box.wait_for("looking")


def test_a_pulled_cable_ends_serving(segment: Segment, tmp_path: Path) -> None:
    with box_at(segment, tmp_path, haste=HASTE) as box:
        box.wait_for("free")
        wait_for(lambda: box.serves)
        segment.cable("box", "down")
        box.wait_for("no_carrier")
        wait_for(lambda: not box.serves)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
