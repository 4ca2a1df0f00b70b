# SPDX-License-Identifier: MIT
"""DHCP servers with bad manners, played with a packet socket."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from appliance.dhcp import frame, message
from appliance.dhcp.message import Kind
from tests.net.kit import Segment, inside, station_of

_COOKIE = bytes.fromhex("63825363")
ADDRESS = bytes((192, 168, 88, 1))


class PlayedServer(threading.Thread):
    """Answers each DISCOVER in its manner until closed."""

    def __init__(self, segment: Segment, manner: str) -> None:
        super().__init__(daemon=True)
        namespace = segment.station("rude")
        self.station = station_of(namespace)
        self._manner = manner
        self.answered = 0
        self._over = threading.Event()
        with inside(namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._socket.bind(("eth0", 0x0800))
        self._socket.settimeout(0.1)
        self.start()

    def run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError, ValueError):
                question = message.parse(frame.parse(self._socket.recv(2048)).payload)
                if question.kind is Kind.DISCOVER:
                    self._answer(question)

    def close(self) -> None:
        self._over.set()
        self.join()
        self._socket.close()

    def _answer(self, question: message.Message) -> None:
        if self._manner == "slow":
            threading.Thread(target=self._answer_late, args=(question,), daemon=True).start()
            return
        self._send(question, self._payload(question))

    def _answer_late(self, question: message.Message) -> None:
        time.sleep(3.0)
        with contextlib.suppress(OSError):
            self._send(question, offer(question))

    def _payload(self, question: message.Message) -> bytes:
        if self._manner == "garbage":
            return bytes(range(256))
        if self._manner == "truncated":
            return offer(question)[:60]
        if self._manner == "bootp":
            return offer(question)[:240]
        return offer(question)

    def _send(self, question: message.Message, payload: bytes) -> None:
        data = frame.broadcast(self.station, 67, 68, payload)
        if self._manner == "unicast":
            data = question.client + data[6:]
        if self._manner.startswith("vlan"):
            tag = b"\x81\0" + int(self._manner.split()[1]).to_bytes(2, "big")
            data = data[:12] + tag + data[12:]
        self._socket.send(data)
        self.answered += 1


def offer(question: message.Message) -> bytes:
    """Return an OFFER of 192.168.88.99."""
    head = bytes((2, 1, 6, 0)) + question.xid.to_bytes(4, "big") + bytes(8)
    head += bytes((192, 168, 88, 99)) + ADDRESS + bytes(4) + question.client.ljust(16, b"\0")
    return head + bytes(192) + _COOKIE + b"\x35\x01\x02\x36\x04" + ADDRESS + b"\xff"
