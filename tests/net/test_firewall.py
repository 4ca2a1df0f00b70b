# SPDX-License-Identifier: MIT
"""The firewall, looked at from outside: what listens is reached only where the documents say so."""

from __future__ import annotations

import contextlib
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.dhcp import message
from appliance.dhcp.message import Kind
from appliance.firewall import BLOCKING, DNSMASQ, FILMS, MARK, render
from appliance.settings.config import Config, build
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.router import RouterConfig, RouterEntry
from appliance.settings.sections.system import SystemConfig
from tests.conftest import missing
from tests.net.dhcpclient import Clients, station_number
from tests.net.kit import Segment, inside
from tests.net.namespaces import DEADLINE_S

pytestmark = pytest.mark.net

OWN, CLIENT, OTHER = "10.77.0.1", "10.77.0.9", "10.77.0.10"
TCP = {22: False, 53: True, 80: True, 443: True, 8200: True, 9999: False}
UDP = {53: True, 67: False, 123: True, 1900: True, 2055: True, 5353: True, 9999: False, 37008: True}
PROBE_S = 0.5
SYN_ACK, RST = 0x12, 0x04
# From asm-generic/socket.h.
SO_RCVBUFFORCE = 33


@pytest.fixture
def segment() -> Iterator[Segment]:
    if not Path("/usr/sbin/nft").exists() and not shutil.which("nft"):
        missing("no nft")
    made = Segment()
    made.station("box", f"{OWN}/24")
    made.station("client", f"{CLIENT}/24")
    made.station("other", f"{OTHER}/24")
    yield made
    made.close()


def load(segment: Segment, settings: Config) -> None:
    """Have the kernel take the rules, twice: the second replace the first."""
    for _ in range(2):
        subprocess.run(
            ["ip", "netns", "exec", f"{segment.name}-box", "nft", "--file", "-"],
            input=render(settings), text=True, check=True,
        )  # fmt: skip


@contextlib.contextmanager
def listening(segment: Segment) -> Iterator[dict[int, socket.socket]]:
    """Have something listen on every port of both tables; yield the UDP sockets."""
    with contextlib.ExitStack() as stack, inside(f"{segment.name}-box"):
        for port in TCP:
            stack.enter_context(socket.create_server(("", port)))
        receivers = {}
        for port in UDP:
            receivers[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stack.enter_context(receivers[port])
            receivers[port].bind(("", port))
            receivers[port].settimeout(PROBE_S)
        yield receivers


def connects(segment: Segment, port: int) -> bool:
    with inside(f"{segment.name}-client"), socket.socket() as asking:
        asking.settimeout(PROBE_S)
        return asking.connect_ex((OWN, port)) == 0


def arrives(segment: Segment, receiver: socket.socket, station: str = "client") -> bool:
    port = receiver.getsockname()[1]
    with inside(f"{segment.name}-{station}"), socket.socket(type=socket.SOCK_DGRAM) as sending:
        sending.sendto(b"hello", (OWN, port))
    try:
        return receiver.recv(9) == b"hello"
    except TimeoutError:
        return False


def test_scan_from_outside_finds_only_the_documented_ports(segment: Segment) -> None:
    with listening(segment) as receivers:
        assert all(connects(segment, port) for port in TCP), "before there are rules"
        load(segment, Config())
        assert {port: connects(segment, port) for port in TCP} == TCP
        assert {port: arrives(segment, receivers[port]) for port in UDP} == UDP


def test_what_belongs_to_no_connection_reaches_no_port(segment: Segment) -> None:
    """An answer to what nobody asked: an open port refuses it, and so tells of itself."""
    stray = tcp_segment(source=4242, destination=80, flags=SYN_ACK)

    def is_refused() -> bool:
        with inside(f"{segment.name}-client"):
            client = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
        with client:
            client.settimeout(PROBE_S)
            client.sendto(stray, (OWN, 0))
            try:
                return bool(client.recv(4096)[20 + 13] & RST)
            except TimeoutError:
                return False

    with listening(segment):
        assert is_refused(), "before there are rules"
        load(segment, Config())
        assert not is_refused()
        assert connects(segment, 80)


def tcp_segment(source: int, destination: int, flags: int) -> bytes:
    """Return a TCP segment from CLIENT to OWN without data, its checksum right (RFC 9293)."""
    header = struct.Struct(">HHIIBBHHH")
    fields = (source, destination, 1, 1, 5 << 4, flags, 1024)
    pseudo = ip_address(CLIENT).packed + ip_address(OWN).packed
    pseudo += struct.pack(">BBH", 0, socket.IPPROTO_TCP, header.size)
    total = sum(struct.unpack(">16H", pseudo + header.pack(*fields, 0, 0)))
    # The one's complement sum of 16-bit words is the rest of a division by 0xffff.
    return header.pack(*fields, 0xFFFF - total % 0xFFFF, 0)


LONE_FRAGMENTS = 60_000


def test_lone_fragments_of_strangers_leave_room_for_those_of_the_router(segment: Segment) -> None:
    load(segment, Config(capture=CaptureConfig(routers=(ip_address(CLIENT),))))
    whole = bytes(1514)
    with listening(segment) as receivers:
        receiver = receivers[37008]
        with inside(f"{segment.name}-other"):
            send_lone_fragments(LONE_FRAGMENTS)
        with inside(f"{segment.name}-box"):
            assert fragments_in_memory() < 5 << 20
        with inside(f"{segment.name}-client"), socket.socket(type=socket.SOCK_DGRAM) as router:
            router.sendto(whole, (OWN, 37008))
        assert receiver.recv(2000) == whole


def send_lone_fragments(count: int) -> None:
    """Send first fragments whose rest never comes, each of a datagram of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for number in range(count):
            header = struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, 36, number & 0xFFFF or 1, 0x2000, 64, 17, 0,
                socket.inet_aton(f"10.77.0.{20 + (number >> 12)}"), socket.inet_aton(OWN),
            )  # fmt: skip
            raw.sendto(header + bytes(16), (OWN, 0))


def fragments_in_memory() -> int:
    """Return the bytes that unfinished datagrams take in this network namespace."""
    text = Path("/proc/thread-self/net/sockstat").read_text()
    line = next(line for line in text.splitlines() if line.startswith("FRAG"))
    return int(line.split()[4])


@pytest.mark.parametrize(
    "routers",
    [
        ["fe80::1%eth0"], ["fe80::1%eth0", "fe80::1%eth1"], ["::ffff:192.0.2.1", "192.0.2.1"],
        ["2001:db8::1", "192.0.2.1"], ["192.0.2.1"] * 3,
    ],
    ids=",".join,
)  # fmt: skip
def test_the_kernel_takes_the_rules_of_whatever_the_settings_take(
    segment: Segment, routers: list[str]
) -> None:
    load(segment, build({"capture": {"routers": routers}}))


def test_only_listed_routers_stream(segment: Segment) -> None:
    listed = CaptureConfig(routers=(ip_address(CLIENT),))
    load(segment, Config(capture=listed))
    with listening(segment) as receivers:
        assert arrives(segment, receivers[37008], "client")
        # One a second, for the receiver to name its sender.
        assert [arrives(segment, receivers[37008], "other") for _ in range(20)].count(True) < 20
        assert arrives(segment, receivers[37008], "client")


def test_strangers_flows_come_one_a_second_where_it_is_known_who_sends_them(
    segment: Segment,
) -> None:
    load(segment, Config(flows=FlowsConfig(exporters=(ip_address(CLIENT),))))
    with listening(segment) as receivers:
        assert all(arrives(segment, receivers[2055], "client") for _ in range(20))
        assert [arrives(segment, receivers[2055], "other") for _ in range(20)].count(True) < 20
        assert arrives(segment, receivers[2055], "client")


def test_dns_and_time_are_closed_where_we_do_not_serve(segment: Segment) -> None:
    """The same port with an address of a home network: nothing of the kit is open there."""
    segment.station("box", "192.168.88.7/24")
    segment.station("client", "192.168.88.9/24")
    load(segment, Config())
    with listening(segment) as receivers:
        for port in (53, 123):
            with (
                inside(f"{segment.name}-client"),
                socket.socket(type=socket.SOCK_DGRAM) as sending,
            ):
                sending.sendto(b"hello", ("192.168.88.7", port))
            with pytest.raises(TimeoutError):
                receivers[port].recv(9)


def test_large_datagrams_of_the_stream_arrive_whole(segment: Segment) -> None:
    """Fragments are put together although the stream is not tracked."""
    load(segment, Config())
    with listening(segment) as receivers:
        with inside(f"{segment.name}-client"), socket.socket(type=socket.SOCK_DGRAM) as sending:
            sending.sendto(b"x" * 1600, (OWN, 37008))
        assert len(receivers[37008].recv(4096)) == 1600


def test_nothing_is_forwarded(segment: Segment) -> None:
    far = Segment()
    try:
        box = f"{segment.name}-box"
        far.plug(box, "box", "eth1")
        subprocess.run(
            ["ip", "-n", box, "address", "add", "10.77.1.1/24", "dev", "eth1"], check=True
        )
        target = far.station("target", "10.77.1.9/24")
        for station, way in ((f"{segment.name}-client", OWN), (target, "10.77.1.1")):
            subprocess.run(["ip", "-n", station, "route", "add", "default", "via", way], check=True)
        subprocess.run(
            ["ip", "netns", "exec", box, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True
        )
        with inside(target):
            receiver = socket.socket(type=socket.SOCK_DGRAM)
        receiver.bind(("", 80))

        def forwarded(seconds: float) -> bool:
            receiver.settimeout(seconds)
            with inside(f"{segment.name}-client"), socket.socket(type=socket.SOCK_DGRAM) as sending:
                sending.sendto(b"hello", ("10.77.1.9", 80))
            try:
                return receiver.recv(9) == b"hello"
            except TimeoutError:
                return False

        assert forwarded(DEADLINE_S), "before there are rules"
        load(segment, Config())
        assert not forwarded(PROBE_S)
        receiver.close()
    finally:
        far.close()


@contextlib.contextmanager
def dhcp_server(segment: Segment) -> Iterator[Callable[[], int]]:
    """Answer every request, as dnsmasq does; yield what tells how many have come since."""
    with inside(f"{segment.name}-box"):
        server = socket.socket(type=socket.SOCK_DGRAM)
        server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        server.bind(("", 67))
        server.settimeout(PROBE_S)

    def came() -> int:
        count = 0
        with contextlib.suppress(TimeoutError):
            while True:
                client = server.recvfrom(2048)[1]
                count += 1
                with contextlib.suppress(OSError):  # Of who has no address yet.
                    server.sendto(b"yours", client)
        return count

    with server:
        yield came


def test_one_device_that_asks_for_addresses_without_end_is_passed_over(segment: Segment) -> None:
    """Each answer is written to the card; another device still gets one.

    They have addresses and ask the server alone, so to the kernel each of them is a connection.
    """
    load(segment, Config())

    def ask(station: str, times: int) -> int:
        count = 0
        with inside(f"{segment.name}-{station}"), socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.bind(("", 68))
            for _ in range(times):
                asking.sendto(b"request", (OWN, 67))
                count += came() if times < 10 else 0
        return count + came()

    with dhcp_server(segment) as came:
        assert ask("client", 1) == 1
        assert 19 <= ask("client", 300) <= 20
        assert ask("other", 4) == 4


def test_a_flood_of_one_kind_of_request_leaves_the_others_their_share(segment: Segment) -> None:
    """By stations that are all made up: new ones that look for a server, or ask for an address."""
    load(segment, Config())
    clients = Clients(segment, "flooder")
    kinds = {
        Kind.DISCOVER: lambda number: message.discover(station_number(number), number),
        Kind.REQUEST: lambda number: requested(number),
    }

    def sent(kind: Kind, stations: range) -> int:
        for number in stations:
            clients.send(kinds[kind](number), station_number(number))
        return came()

    with dhcp_server(segment) as came:
        assert 200 <= sent(Kind.DISCOVER, range(1000)) < 1000
        assert sent(Kind.REQUEST, range(1000, 1010)) == 10
        assert sent(Kind.REQUEST, range(2000, 3000)) < 110
        with inside(f"{segment.name}-other"), socket.socket(type=socket.SOCK_DGRAM) as renewing:
            renewing.bind(("", 68))
            renewing.sendto(requested(1), (OWN, 67))
        assert came() == 1
    clients.close()


def requested(number: int) -> bytes:
    """Return the request of a station for an address (RFC 2131, table 5)."""
    asked = message.discover(station_number(number), number)[:240]
    return asked + bytes((53, 1, Kind.REQUEST, 50, 4, 10, 77, 0, 200, 0xFF))


def test_who_was_taken_over_reaches_nobody_outside(segment: Segment) -> None:
    """As users that parse what strangers send; here is an address of the Internet, too."""
    far = "198.51.100.9"
    segment.station("box", "198.51.100.1/24")
    segment.station("client", f"{far}/24")
    load(segment, Config())
    with inside(f"{segment.name}-client"):
        receiver = socket.socket(type=socket.SOCK_DGRAM)
        receiver.bind(("", 5000))
        receiver.settimeout(PROBE_S)

    def reaches(user: int, address: str) -> bool:
        words = f"import socket; socket.socket(type=2).sendto(b'x', ({address!r}, 5000))"
        box = ["ip", "netns", "exec", f"{segment.name}-box"]
        setpriv = ["setpriv", f"--reuid={user}", "--clear-groups", "/usr/bin/python3", "-c", words]
        subprocess.run([*box, *setpriv], capture_output=True, check=False)
        try:
            return receiver.recv(9) == b"x"
        except TimeoutError:
            return False

    with receiver:
        for user in (DNSMASQ, FILMS):
            assert reaches(user, CLIENT)
            assert not reaches(user, far)
        assert reaches(65534, far)


def test_blocking_reaches_the_apis_of_the_routers_alone(segment: Segment) -> None:
    routers = RouterConfig((RouterEntry("home", ip_address(CLIENT), port=5001),))
    load(segment, Config(router=routers))
    with inside(f"{segment.name}-client"):
        api, other = (socket.create_server(("", port)) for port in (5001, 5002))

    def reaches(user: int, port: int) -> bool:
        words = f"import socket; socket.create_connection(({CLIENT!r}, {port}), {PROBE_S}).close()"
        box = ["ip", "netns", "exec", f"{segment.name}-box"]
        setpriv = ["setpriv", f"--reuid={user}", "--clear-groups", "/usr/bin/python3", "-c", words]
        return subprocess.run([*box, *setpriv], capture_output=True, check=False).returncode == 0

    with api, other:
        assert reaches(BLOCKING, 5001) and not reaches(BLOCKING, 5002)
        assert reaches(65534, 5002)


def rules_of_routing(segment: Segment) -> None:
    """Lay down what systemd/network/10-tzsp0.network has networkd lay down."""
    with inside(f"{segment.name}-box"):
        for family in ("-4", "-6"):
            mark = ["ip", family, "rule", "add", "fwmark", MARK]
            suppressed = ["table", "main", "suppress_prefixlength", "0", "priority", "100"]
            subprocess.run([*mark, *suppressed], check=True)
            subprocess.run([*mark, "unreachable", "priority", "101"], check=True)


FAR, NEAR = "203.0.113.9", "198.51.100.9"


def test_only_neighbours_reach_what_is_open(segment: Segment) -> None:
    """Public addresses: one of our own network, and one behind a router."""
    rules_of_routing(segment)
    with inside(f"{segment.name}-box"):
        subprocess.run(["ip", "address", "add", "198.51.100.1/24", "dev", "eth0"], check=True)
        subprocess.run(["ip", "route", "add", "default", "via", CLIENT], check=True)
    with inside(f"{segment.name}-client"):
        for address in (f"{FAR}/32", f"{NEAR}/24"):
            subprocess.run(["ip", "address", "add", address, "dev", "eth0"], check=True)
    with listening(segment) as receivers:
        for settings, reached in ((Config(), False), (everyone(), True)):
            load(segment, settings)
            assert connects_from(segment, CLIENT, 80)
            assert connects_from(segment, NEAR, 80)
            for port in (80, 443, 8200):
                assert connects_from(segment, FAR, port) is reached
            assert streams_from(segment, FAR, receivers[37008]) is reached
            assert streams_from(segment, NEAR, receivers[37008])


def everyone() -> Config:
    return Config(system=SystemConfig(open_to="everyone"))


def connects_from(segment: Segment, source: str, port: int) -> bool:
    with inside(f"{segment.name}-client"), socket.socket() as asking:
        asking.settimeout(PROBE_S)
        asking.bind((source, 0))
        return asking.connect_ex((OWN, port)) == 0


def streams_from(segment: Segment, source: str, receiver: socket.socket) -> bool:
    with inside(f"{segment.name}-client"), socket.socket(type=socket.SOCK_DGRAM) as sending:
        sending.bind((source, 0))
        sending.sendto(b"hello", (OWN, receiver.getsockname()[1]))
    try:
        return receiver.recv(9) == b"hello"
    except TimeoutError:
        return False


def test_one_host_has_only_so_many_connections_to_the_page(segment: Segment) -> None:
    load(segment, Config())
    with listening(segment), contextlib.ExitStack() as stack, inside(f"{segment.name}-client"):
        opened = 0
        for _ in range(90):
            asking = stack.enter_context(socket.socket())
            asking.settimeout(0.05)
            opened += asking.connect_ex((OWN, 80)) == 0
        assert opened <= 64
        with inside(f"{segment.name}-other"), socket.socket() as other:
            other.settimeout(PROBE_S)
            assert other.connect_ex((OWN, 80)) == 0
