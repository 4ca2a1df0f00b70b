# SPDX-License-Identifier: MIT
"""A router and a sensor in network namespaces of their own, and what may listen in on them."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import secrets
import select
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROUTER_ADDRESS, SENSOR_ADDRESS = "192.0.2.1", "192.0.2.2"
ROUTER_ADDRESS6, SENSOR_ADDRESS6 = "2001:db8::1", "2001:db8::2"
ROUTER_MAC, SENSOR_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
INTERFACE = "tzsp0"
# Longer than anything takes on a busy machine; only a failure waits for it.
DEADLINE_S = 120.0

_CLONE_NEWNET = 0x40000000
_ETH_P_ALL = 0x0003
_SO_RCVBUFFORCE = 33
_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count()


def ip(*words: object) -> None:
    """Run ip(8)."""
    subprocess.run(["ip", *map(str, words)], check=True)


@dataclass(frozen=True)
class Network:
    """Two namespaces joined by a cable; the sensor has the sniffing interface."""

    router: str
    sensor: str

    @contextlib.contextmanager
    def inside(self, namespace: str) -> Iterator[None]:
        """Run in a namespace: sockets opened and processes started there stay there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            with open(f"/run/netns/{namespace}") as there:
                _set_namespace(there.fileno())
            yield
        finally:
            _set_namespace(home)
            os.close(home)

    def udp_socket(self, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
        """Return a UDP socket of the router."""
        with self.inside(self.router):
            return socket.socket(family, socket.SOCK_DGRAM)

    def link(self, *words: object) -> None:
        """Run `ip link` on the sensor."""
        ip("-n", self.sensor, "link", *words)

    def add_interface(self, mtu: int = 65535) -> None:
        """Make the sniffing interface: a bridge without ports takes any frame, like a dummy."""
        # Or the kernel puts multicast listener reports of its own among the frames.
        self._new_ports_speak_ipv6(False)
        self.link("add", INTERFACE, "type", "bridge", "mcast_snooping", 0)
        self._new_ports_speak_ipv6(True)
        self.link("set", INTERFACE, "mtu", mtu, "up")

    def _new_ports_speak_ipv6(self, speak: bool) -> None:
        with self.inside(self.sensor):
            value = "0" if speak else "1"
            Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text(value)

    def sniffer(self, buffer: int = 64 << 20) -> Sniffer:
        """Return a sniffer on the sniffing interface."""
        with self.inside(self.sensor):
            return Sniffer(INTERFACE, buffer)


class Sniffer:
    """Sees every frame on an interface, as tcpdump would."""

    def __init__(self, interface: str, buffer: int) -> None:
        # 0: from the start it would hear all interfaces, until it is bound to one.
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, buffer)
        self.socket.bind((interface, _ETH_P_ALL))
        self.socket.setblocking(False)

    def frame(self, timeout_s: float = DEADLINE_S) -> bytes:
        """Return the next frame. Raises TimeoutError."""
        if not select.select([self.socket], [], [], timeout_s)[0]:
            raise TimeoutError(f"no frame within {timeout_s} s")
        return self.socket.recv(1 << 16)

    def frames(self, count: int) -> list[bytes]:
        """Return the next `count` frames. Raises TimeoutError."""
        return [self.frame() for _ in range(count)]

    def waiting(self) -> list[bytes]:
        """Return the frames that are there by now."""
        frames = []
        with contextlib.suppress(BlockingIOError):
            while True:
                frames.append(self.socket.recv(1 << 16))
        return frames

    def close(self) -> None:
        """Stop sniffing."""
        self.socket.close()

    def __enter__(self) -> Sniffer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Make the namespaces, and take them away again."""
    # A run that was killed leaves its namespaces, and a process of a later one may have its number.
    number = f"{os.getpid()}-{next(_numbers)}-{secrets.token_hex(3)}"
    made = Network(router=f"gb-router-{number}", sensor=f"gb-sensor-{number}")
    try:
        for namespace in (made.router, made.sensor):
            ip("netns", "add", namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        ip("link", "add", "cable", "address", ROUTER_MAC, "netns", made.router, "type", "veth",
           "peer", "name", "cable", "address", SENSOR_MAC, "netns", made.sensor)  # fmt: skip
        router = (ROUTER_MAC, ROUTER_ADDRESS, ROUTER_ADDRESS6)
        sensor = (SENSOR_MAC, SENSOR_ADDRESS, SENSOR_ADDRESS6)
        _connect(made.router, router, sensor)
        _connect(made.sensor, sensor, router)
        made.add_interface()
        yield made
    finally:
        for namespace in (made.router, made.sensor):
            subprocess.run(["ip", "netns", "delete", namespace], check=False, capture_output=True)


def _connect(namespace: str, own: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Plug the cable in; each end knows the other, so that no datagram waits to be told."""
    ip("-n", namespace, "link", "set", "cable", "up")
    ip("-n", namespace, "address", "add", f"{own[1]}/24", "dev", "cable")
    ip("-n", namespace, "address", "add", f"{own[2]}/64", "dev", "cable", "nodad")
    for address in other[1:]:
        ip("-n", namespace, "neighbour", "add", address, "lladdr", other[0], "dev", "cable")


@contextlib.contextmanager
def on_one_cpu() -> Iterator[None]:
    """Keep this thread on one CPU: a sender that moves overtakes what its cable still holds.

    The kernel queues what leaves a veth on the CPU that sends it.
    """
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, everywhere)


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait until `condition` holds. Raises TimeoutError."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE_S} s: {what}")
        time.sleep(0.01)


def _set_namespace(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
