# SPDX-License-Identifier: MIT
"""Where TZSP datagrams come from: UDP sockets, or a capture of the stream."""

from __future__ import annotations

import time
from collections.abc import Collection, Container, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from appliance.errors import InputError
from appliance.formats.datagrams import Datagram, Datagrams
from appliance.formats.linktypes import require_known
from appliance.service import Stop
from appliance.tools.arrivals import Arrivals
from appliance.tools.captures import STDIN, open_capture
from appliance.udp import kernel
from appliance.udp.addresses import OwnAddresses
from appliance.udp.sockets import Endpoint, open_listeners, set_receive_buffer
from appliance.udp.sources import key_of

# How soon a signal is seen, and how long the sockets may take to run empty after it.
_WAIT_S = 0.25
_LAST_S = 1.0
# Of so many receivers one is known whose stream is in a capture.
_MOST_RECEIVERS = 256


class Consumer(Protocol):
    """Who deals with the datagrams."""

    def take(self, datagram: memoryview, time_us: int, source: bytes, missing: int = 0) -> None:
        """Deal with one: its bytes, when it came, sources.key_of() its sender, bytes not there."""

    def idle(self) -> None:
        """Nothing waits just now."""

    def tick(self, now_us: int) -> None:
        """Some time went by, busy or not."""


class Listening:
    """Receives on UDP sockets until stopped."""

    def __init__(self, endpoints: Sequence[Endpoint], buffer: int) -> None:
        """Open the sockets with `buffer` bytes each. Raises as open_listeners() does."""
        self.ports = frozenset(endpoint.port for endpoint in endpoints)
        #: The addresses that the stream comes to, as sources.key_of() makes them.
        self.own: Container[bytes] = OwnAddresses()
        self._receivers = open_listeners(endpoints)
        #: The smallest receive buffer that the kernel gave, in bytes.
        self.buffer = min(set_receive_buffer(receiver, buffer) for receiver in self._receivers)
        self._failures_before = kernel.network_losses()["reassembly_failures"]

    def run(self, consumer: Consumer, stop: Stop, pipe: int | None = None) -> None:
        """Receive until stopped, and what waits at that moment.

        `pipe` is a descriptor: raises BrokenPipeError once nobody reads at its other end.
        """
        arrivals = Arrivals(self._receivers, pipe)
        while not stop:
            if not arrivals.receive(consumer.take):
                consumer.idle()
                arrivals.wait(_WAIT_S)
            consumer.tick(time.time_ns() // 1000)
        deadline = time.monotonic() + _LAST_S
        while arrivals.receive(consumer.take) and time.monotonic() < deadline:
            pass

    def losses(self) -> dict[str, int]:
        """Return what the kernel lost before it could be received, as reports name it."""
        failures = kernel.network_losses()["reassembly_failures"]
        return {
            "socket_overflow": sum(map(kernel.socket_drops, self._receivers)),
            "reassembly_failures": failures - self._failures_before,
            # Among those that the sockets lost: the kernel does not tell them apart.
            "checksum_errors": 0,
            "length_errors": 0,
        }

    def close(self) -> None:
        """Give the sockets back."""
        for receiver in self._receivers:
            receiver.close()


class Reading:
    """Reads a capture to its end."""

    def __init__(self, name: str, ports: Collection[int], stop: Stop | None = None) -> None:
        """Open the capture; "-" is stdin. Raises InputError for what is none, or holds no IP."""
        self.ports = frozenset(ports)
        #: The addresses that the stream went to so far: what is sent there is its own echo.
        self.own: set[bytes] = set()
        self._capture = open_capture(STDIN if name == STDIN else Path(name), stop)
        require_known(self._capture.link_types(), self._capture.name)
        self._finder = Datagrams(self.ports)
        self._found = False

    def run(self, consumer: Consumer, stop: Stop, pipe: int | None = None) -> None:
        """Hand on all datagrams to the ports.

        Raises InputError at the end of a file that is cut off, or where no datagram was for them.
        Nobody at the other end of `pipe` is found out when it is written to.
        """
        try:
            for record in self._capture:
                if stop:
                    return
                consumer.tick(record.time_us)
                datagram = self._finder.take(record)
                if datagram is not None:
                    self._hand_on(datagram, record.time_us, consumer)
        except InputError:
            # A signal also ends the wait for a pipe, as if the file were damaged.
            if not stop:
                raise
        finally:
            self._finder.finish()
        if not (self._found or stop or any(self.losses().values())):
            ports = " or ".join(map(str, sorted(self.ports)))
            raise InputError(f"{self._capture.name}: no UDP to port {ports} found")

    def losses(self) -> dict[str, int]:
        """Return the datagrams that the capture has not whole, or wrong, as reports name it."""
        return {
            "socket_overflow": 0,
            "reassembly_failures": self._finder.reassembly_failures,
            "checksum_errors": self._finder.checksum_errors,
            "length_errors": self._finder.length_errors,
        }

    def _hand_on(self, datagram: Datagram, time_us: int, consumer: Consumer) -> None:
        self._found = True
        if len(self.own) >= _MOST_RECEIVERS:
            self.own.clear()
        self.own.add(key_of(ip_address(datagram.destination)))
        source = key_of(ip_address(datagram.source))
        consumer.take(datagram.payload, time_us, source, datagram.missing)

    def close(self) -> None:
        """Give the file back."""
        self._capture.close()
