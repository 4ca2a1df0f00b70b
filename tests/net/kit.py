# SPDX-License-Identifier: MIT
"""A network with a Glovebox in it, foreign servers and clients, each in a namespace of its own.

The test is in the place of systemd: it keeps the guard running, starts dnsmasq by the words of its
unit when the guard permits it, and ends dnsmasq with the guard.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.dhcp import frame, message
from appliance.dhcp.message import Kind
from appliance.errors import DecodeError
from appliance.reports import statusfile
from tests.conftest import PROJECT, missing
from tests.net.namespaces import DEADLINE_S, Sniffer, _set_namespace, ip
from tests.net.receiving import GLOVEBOX

UNIT = PROJECT / "systemd/system/glovebox-dnsmasq@.service"
_numbers = itertools.count()


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Run in a namespace: sockets opened and processes started there stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        with open(f"/run/netns/{namespace}") as there:
            _set_namespace(there.fileno())
        yield
    finally:
        _set_namespace(home)
        os.close(home)


class Segment:
    """An Ethernet switch in a namespace; stations are plugged into it."""

    def __init__(self) -> None:
        self.name = f"gb-lan-{os.getpid()}-{next(_numbers)}-{secrets.token_hex(3)}"
        self._namespaces = [self.name]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._folders: list[Path] = []
        self._cables: set[str] = set()
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "add", "switch", "type", "bridge", "mcast_snooping", 0,
           "forward_delay", 0)  # fmt: skip
        ip("-n", self.name, "link", "set", "switch", "up")

    def station(self, name: str, address: str = "", interface: str = "eth0") -> str:
        """Plug in a station with a port `eth0`, if it is not yet; return its namespace."""
        namespace = f"{self.name}-{name}"
        if namespace not in self._namespaces:
            ip("netns", "add", namespace)
            self._namespaces.append(namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        if name not in self._cables:
            self.plug(namespace, name, interface)
        if address:
            ip("-n", namespace, "address", "add", address, "brd", "+", "dev", interface)
        return namespace

    def plug(self, namespace: str, name: str, interface: str = "eth0") -> None:
        """Lay a cable from a station's port to the switch."""
        self._cables.add(name)
        ip("link", "add", name, "netns", self.name, "type", "veth",
           "peer", "name", interface, "netns", namespace)  # fmt: skip
        ip("-n", self.name, "link", "set", name, "master", "switch", "up")
        with inside(namespace):
            Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6").write_text("1")
        # What a guest receives must have its checksums.
        subprocess.run(
            ["ip", "netns", "exec", namespace, "ethtool", "-K", interface, "tx", "off"],
            check=True, capture_output=True,
        )  # fmt: skip
        ip("-n", namespace, "link", "set", interface, "up")

    def cable(self, name: str, state: str) -> None:
        """Pull or plug the switch's end of a cable: "down" or "up"."""
        ip("-n", self.name, "link", "set", name, state)

    def start(self, namespace: str, argv: Sequence[object], **more: Any) -> subprocess.Popen[bytes]:
        """Start a program at a station; it ends with the network."""
        with inside(namespace):
            process = subprocess.Popen(
                [str(word) for word in argv],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def witness(self, name: str) -> Witness:
        """Return a capture of what passes a station's cable, at the switch's end."""
        with inside(self.name):
            return Witness(name)

    def keep(self, folder: Path) -> None:
        """Remove a folder when the network goes."""
        self._folders.append(folder)

    def close(self) -> None:
        """Take all away."""
        for process in self._processes:
            process.kill()
            process.wait()
        for namespace in self._namespaces:
            subprocess.run(["ip", "netns", "delete", namespace], check=False, capture_output=True)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Seen:
    """A DHCP message that passed, with its time (monotonic)."""

    time: float
    station: bytes
    port: int
    source_port: int
    kind: Kind | None
    message: message.Message | None
    frame: bytes


class Witness(threading.Thread):
    """Captures a cable in the background, and tells DHCP messages apart by who sent them."""

    def __init__(self, interface: str) -> None:
        super().__init__(daemon=True)
        self._sniffer = Sniffer(interface, 8 << 20)
        self._seen: list[Seen] = []
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                self._take(self._sniffer.frame(0.05), time.monotonic())

    def _take(self, data: bytes, now: float) -> None:
        try:
            datagram = frame.parse(data)
        except DecodeError:
            return
        if data[12:14] != b"\x08\x00" or datagram.port not in (67, 68):
            return
        try:
            found = message.parse(datagram.payload)
        except ValueError:
            found = None
        self._seen.append(
            Seen(now, datagram.station, datagram.port, datagram.source_port,
                 found.kind if found else None, found, data)
        )  # fmt: skip

    def seen(self, *kinds: Kind) -> list[Seen]:
        """Return what passed so far, of these kinds or of all."""
        return [each for each in list(self._seen) if not kinds or each.kind in kinds]

    def from_server(self, station: bytes) -> list[Seen]:
        """Return what `station` said as a server."""
        return [each for each in self.seen() if each.station == station and each.source_port == 67]

    def wait_for(self, *kinds: Kind, count: int = 1, seconds: float = DEADLINE_S) -> list[Seen]:
        """Return messages of these kinds as soon as there are `count`. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while len(found := self.seen(*kinds)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} {kinds} within {seconds} s")
            time.sleep(0.005)
        return found

    def close(self) -> None:
        self._over.set()
        self.join()
        self._sniffer.close()


class Asker(threading.Thread):
    """A client that asks five times a second and takes nothing."""

    def __init__(self, segment: Segment, name: str) -> None:
        super().__init__(daemon=True)
        namespace = segment.station(name)
        self.station = station_of(namespace)
        self._over = threading.Event()
        with inside(namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._socket.bind(("eth0", 0))
        self.start()

    def run(self) -> None:
        question = message.discover(self.station, 1)
        while not self._over.wait(0.2):
            with contextlib.suppress(OSError):
                self._socket.send(frame.broadcast(self.station, 68, 67, question))

    def close(self) -> None:
        self._over.set()
        self.join()
        self._socket.close()


class Box(threading.Thread):
    """A Glovebox at a segment: guard and dnsmasq, with systemd's part played here."""

    def __init__(
        self, namespace: str, folder: Path, interface: str = "eth0", settings: str = "",
        haste: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__(daemon=True)
        self.namespace, self.interface, self.folder = namespace, interface, folder
        self._runtime, self._state = folder / "runtime", folder / "state"
        self._permission = self._runtime / interface / "dnsmasq.conf"
        self._over = threading.Event()
        self._haste = haste
        self._dnsmasq: subprocess.Popen[bytes] | None = None
        self.guard: subprocess.Popen[bytes] | None = None
        for each in (self._runtime / interface, self._state, folder / "status"):
            each.mkdir(parents=True, exist_ok=True)
        file = folder / "glovebox.toml"
        file.write_text(settings)
        self._environment = os.environ | {
            "GLOVEBOX_RUNTIME_DIRECTORY": str(folder / "status"),
            "GLOVEBOX_CONFIG": str(file),
        }
        self.station = station_of(namespace, interface)

    def run(self) -> None:
        while not self._over.is_set():
            self.guard = self._start(
                [GLOVEBOX, "dhcp", self.interface, "--runtime", self._runtime,
                 "--state", self._state, "--haste", self._haste]
            )  # fmt: skip
            while self.guard.poll() is None and not self._over.is_set():
                if self._permission.exists() and not self.serves:
                    self._serve()
                time.sleep(0.01)
            self._be_silent()
            # As RuntimeDirectory= does.
            self._permission.unlink(missing_ok=True)
            self._over.wait(0.2)
        assert self.guard is not None, "the loop above has started it"
        self.guard.kill()
        self.guard.wait()

    @property
    def serves(self) -> bool:
        return self._dnsmasq is not None and self._dnsmasq.poll() is None

    @property
    def report(self) -> dict[str, Any]:
        return statusfile.read(f"dhcp-{self.interface}", self.folder / "status") or {}

    def wait_for(self, reason: str, seconds: float = DEADLINE_S) -> dict[str, Any]:
        """Return the report once it gives this reason. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while (report := self.report).get("reason") != reason:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{reason}: not within {seconds} s; it is {report}")
            time.sleep(0.01)
        return report

    def wait_for_lease(self) -> list[dict[str, Any]]:
        """Return the leases that are published, once there are some."""
        deadline = time.monotonic() + DEADLINE_S
        while not (leases := self.report.get("devices")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return list(leases)

    def know(self, station: bytes, address: str) -> None:
        """Have a lease for a station from before: dnsmasq answers it at once, without a ping."""
        line = f"{int(time.time()) + 9999} {station.hex(':')} {address} * *\n"
        (self._state / f"{self.interface}.leases").write_text(line)

    def cut_power(self) -> None:
        """End dnsmasq at once, whatever it is doing, and the guard with it."""
        if self._dnsmasq:
            self._dnsmasq.kill()
        if self.guard:
            self.guard.kill()

    def close(self) -> None:
        self._over.set()
        self.join()
        self._be_silent()

    def _start(self, argv: Sequence[object]) -> subprocess.Popen[bytes]:
        # ip(8) also shows the namespace's own /sys; it becomes the program.
        words = ["ip", "netns", "exec", self.namespace, *map(str, argv)]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(words, env=self._environment, stdout=log, stderr=log)

    def _serve(self) -> None:
        for line in unit_lines("ExecStartPre", "ExecStart"):
            self._dnsmasq = self._start(self._words(line))
            if "dnsmasq" not in line:
                self._dnsmasq.wait()

    def _words(self, line: str) -> list[str]:
        file = self._state / f"{self.interface}.address"
        line = line.replace("${ADDRESS}", file.read_text().strip().removeprefix("ADDRESS="))
        line = line.replace("/run/glovebox-dhcp", str(self._runtime))
        return line.replace("%I", self.interface).replace("%i", self.interface).split()

    def _be_silent(self) -> None:
        if self._dnsmasq:
            self._dnsmasq.send_signal(signal.SIGKILL)
            self._dnsmasq.wait()
            for line in unit_lines("ExecStopPost"):
                self._start(self._words(line)).wait()
        self._dnsmasq = None


def unit_lines(*keys: str) -> list[str]:
    """Return what dnsmasq's unit runs, in order."""
    found = re.findall(rf"^({'|'.join(keys)})=-?(.*)$", UNIT.read_text(), re.MULTILINE)
    return [value for key in keys for name, value in found if name == key]


def station_of(namespace: str, interface: str = "eth0") -> bytes:
    """Return the station (MAC address) of a port."""
    shown = subprocess.run(
        ["ip", "-n", namespace, "-o", "link", "show", interface],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = re.search(r"link/ether ([0-9a-f:]+)", shown)
    assert found
    return bytes.fromhex(found[1].replace(":", ""))


def foreign_dnsmasq(segment: Segment, namespace: str, *options: str) -> subprocess.Popen[bytes]:
    """Start a foreign server: dnsmasq."""
    return segment.start(
        namespace,
        ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--pid-file=",
         "--dhcp-authoritative", "--log-facility=-", "--leasefile-ro",
         "--dhcp-range=192.168.88.100,192.168.88.200,1h", "--no-ping", *options],
    )  # fmt: skip


def foreign_kea(segment: Segment, namespace: str) -> subprocess.Popen[bytes]:
    """Start a foreign server: ISC Kea."""
    folder = Path(tempfile.mkdtemp(prefix="glovebox-kea-"))
    segment.keep(folder)
    settings = {
        "Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "raw"},
            "lease-database": {"type": "memfile", "persist": False},
            "subnet4": [
                {
                    "id": 1,
                    "subnet": "192.168.88.0/24",
                    "pools": [{"pool": "192.168.88.100-192.168.88.200"}],
                }
            ],
        }
    }
    file = folder / "kea.conf"
    file.write_text(json.dumps(settings))
    places = {"KEA_PIDFILE_DIR": str(folder), "KEA_LOCKFILE_DIR": str(folder)}
    program = shutil.which("kea-dhcp4", path="/usr/sbin:/usr/bin")
    if program is None:
        missing("no kea-dhcp4")
    return segment.start(namespace, [program, "-c", file], env=os.environ | places)
