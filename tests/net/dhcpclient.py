# SPDX-License-Identifier: MIT
"""Many DHCP clients at one station, with packets of their own making; and one DNS question."""

from __future__ import annotations

import select
import socket
import struct
import time
from ipaddress import IPv4Address

from appliance.dhcp import frame, message
from appliance.dhcp.message import Kind
from tests.net.kit import Segment, inside

_OPTIONS = 240


class Clients:
    """Asks for addresses in the name of whichever station it is told."""

    def __init__(self, segment: Segment, name: str) -> None:
        self.namespace = segment.station(name)
        with inside(self.namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.bind(("eth0", 0x0800))

    def lease(self, number: int, seconds: float = 10.0, options: bytes = b"") -> IPv4Address | None:
        """Get an address for the station of this number; None where nobody gives one.

        `options` are added to what it asks for.
        """
        station = station_number(number)
        offered = self._exchange(message.discover(station, number), number, Kind.OFFER, seconds)
        if offered is None:
            return None
        return self.request(number, offered.address, offered.server, options)

    def request(
        self, number: int, address: IPv4Address, server: IPv4Address | None = None,
        options: bytes = b"",
    ) -> IPv4Address | None:  # fmt: skip
        """Ask for an address, offered by `server` or, after a restart, used before."""
        words = bytearray(message.discover(station_number(number), number)[:_OPTIONS])
        words += bytes((53, 1, Kind.REQUEST, 50, 4)) + address.packed
        if server is not None:
            words += bytes((54, 4)) + server.packed
        confirmed = self._exchange(bytes(words) + options + b"\xff", number, Kind.ACK, 5.0)
        return confirmed.address if confirmed else None

    def send(self, payload: bytes, station: bytes) -> None:
        """Send whatever, to the port of servers."""
        self._socket.send(frame.broadcast(station, 68, 67, payload))

    def close(self) -> None:
        self._socket.close()

    def _exchange(
        self, payload: bytes, number: int, kind: Kind, seconds: float
    ) -> message.Message | None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.send(payload, station_number(number))
            answer = self._answer(number, kind, time.monotonic() + min(left, 4.0))
            if answer is not None:
                return answer if answer.kind is kind else None
        return None

    def _answer(self, number: int, kind: Kind, until: float) -> message.Message | None:
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._socket], [], [], left)[0]:
                return None
            try:
                datagram = frame.parse(self._socket.recv(2048))
                found = message.parse(datagram.payload)
            except ValueError:
                continue
            if datagram.port == 68 and found.xid == number and found.kind in (kind, Kind.NAK):
                return found
        return None


def station_number(number: int) -> bytes:
    """Return a station of ours."""
    return b"\x02\x77" + number.to_bytes(4, "big")


def ask_dns(namespace: str, server: str, name: str, qtype: int = 1) -> tuple[int, bytes]:
    """Ask `server` for an address of `name`; return the answer's code and its last four bytes."""
    labels = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
    question = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0"
    question += struct.pack("!HH", qtype, 1)
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(10.0)
        asking.sendto(question, (server, 53))
        answer = asking.recv(2048)
    return answer[3] & 0x0F, answer[-4:]
