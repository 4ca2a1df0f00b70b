# SPDX-License-Identifier: MIT
"""Three players and more capture than the guest can inspect, at once: who gives way?"""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

from appliance.formats.tzsp import encode
from image.demo import TZSP_PORT
from image.machine.guest import Guest
from tests.frames import ethernet, ipv4, udp

# What the original kit peaked at, with three tablets.
STREAMS, MEGABITS = 3, 22.0
LONGEST_GAP_S = 0.5
CHUNK = 1 << 16
FRAME_BYTES = 600


@dataclass(frozen=True)
class Stream:
    """What one player got: bytes, for how long, and the longest that it waited for any (s)."""

    received: int
    seconds: float
    longest_gap: float


@dataclass(frozen=True)
class Overload:
    """What came of it: the streams, datagrams sent at the sensor, and what the page then says."""

    streams: tuple[Stream, ...]
    sent: int
    inspected: str

    @property
    def films_played(self) -> bool:
        """Whether no player had to wait, and each got its film at the rate of watching it."""
        return self.longest_gap <= LONGEST_GAP_S and self.megabits >= 0.95 * MEGABITS

    @property
    def longest_gap(self) -> float:
        return max(stream.longest_gap for stream in self.streams)

    @property
    def megabits(self) -> float:
        """Megabits a second of all streams together."""
        return sum(8e-6 * stream.received / stream.seconds for stream in self.streams)

    def __str__(self) -> str:
        gaps = ", ".join(f"{1000 * stream.longest_gap:.0f}" for stream in self.streams)
        text = f"{self.megabits:.1f} Mb/s; longest gaps {gaps} ms; {self.sent} frames sent"
        return f"{text}; {self.inspected}"


def play(url: str, seconds: float, megabits: float = MEGABITS / STREAMS) -> Stream:
    """Take a film at the rate at which it is watched, again and again; the film is not short."""
    pause = CHUNK * 8e-6 / megabits
    start = due = time.monotonic()
    received, longest, connection, chunk = 0, 0.0, None, b""
    try:
        while (now := time.monotonic()) < start + seconds:
            if not chunk:
                if connection:
                    connection.close()
                connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
                film = _opened(connection, urlsplit(url).path)
            chunk = film.read(CHUNK)
            longest = max(longest, time.monotonic() - now)
            received += len(chunk)
            due += pause * len(chunk) / CHUNK
            time.sleep(max(0.0, due - time.monotonic()))
    finally:
        if connection:
            connection.close()
    return Stream(received, time.monotonic() - start, longest)


def _opened(connection: HTTPConnection, path: str) -> HTTPResponse:
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200, (answer.status, answer.read())
    return answer


def flood(address: tuple[str, int], stop: threading.Event, per_second: int) -> int:
    """Send frames in TZSP, each of a flow of its own, until told to stop; return how many."""
    content = udp(bytes(FRAME_BYTES - 42), destination_port=53)
    sent, start = 0, time.monotonic()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as router:
        while not stop.is_set():
            while sent < (time.monotonic() - start) * per_second:
                source = (0x0A000000 + sent).to_bytes(4, "big")
                router.sendto(encode(ethernet(ipv4(content, source=source))), address)
                sent += 1
            stop.wait(0.002)
    return sent


def overload(guest: Guest, urls: list[str], seconds: float, per_second: int) -> Overload:
    """Play all `urls` at once while the sensor gets `per_second` frames a second."""
    stop = threading.Event()
    address = ("127.0.0.1", guest.host_port(TZSP_PORT))
    with ThreadPoolExecutor(1 + len(urls)) as threads:
        router = threads.submit(flood, address, stop, per_second)
        try:
            streams = tuple(threads.map(play, urls, [seconds] * len(urls)))
            said = guest.execute("glovebox status --json")[1]
        finally:
            stop.set()
    checks = json.loads(said)["checks"]
    inspected = next((each["words"] for each in checks if each["name"] == "inspected"), "")
    return Overload(streams, router.result(), inspected)
