# SPDX-License-Identifier: MIT
"""Ordinary inputs to begin with, from real captures and logs: the subject's byte goes first."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from appliance.dhcp.frame import broadcast
from appliance.dhcp.message import discover
from appliance.formats import sentences
from appliance.formats.pcap import Record
from appliance.tools.captures import open_capture
from tests.conftest import PROJECT
from tests.unit.devices import sample_frames
from tests.unit.formats.test_tls_hello import hello
from tests.unit.ids import eve
from tests.unit.intel.quic_client import crypto

LONGEST = 2000
OF_EACH = 200
CAPTURES, LOGS, EXPORTS = ("ids", "tzsp"), ("logs",), ("netflow",)
SETTINGS = PROJECT / "config/glovebox.toml"
_EVENT = struct.pack(
    ">II9I4s4sHHB3x", 7, 52, 0, 1, 1_790_000_000, 0, 1228, 1, 7, 4, 2,
    bytes((198, 51, 100, 7)), bytes((192, 168, 88, 20)), 4444, 80, 6,
)  # fmt: skip


def of(subject: str, data: Path) -> Iterator[bytes]:
    """Yield up to OF_EACH ordinary inputs of a subject; `data` may lack some, and have none."""
    makers: dict[str, Callable[[], Iterator[bytes]]] = {
        "tzsp": lambda: (b"\x01\x00\x00\x01\x01" + frame for frame in _frames(data)),
        "radio": lambda: _frames(data),
        "frames": lambda: (_behind_lengths(_frames(data, 8), 1) for _ in range(1)),
        "sentences": lambda: iter([sentences.encode(["/login", "=name=x", "=password=y"])]),
        "dhcp": lambda: iter([broadcast(bytes(6), 68, 67, discover(bytes(6), 7))]),
        "http": lambda: iter(_requests()),
        "unified2": lambda: iter([_EVENT, _EVENT * 20]),
        "eve": lambda: iter([eve.line(), eve.stats(9, 2)]),
        "settings": lambda: iter([SETTINGS.read_bytes()[:LONGEST], SETTINGS.read_bytes()]),
        "imager": lambda: iter([b"hostname: box\ntimezone: Europe/Berlin\nusers:\n- name: pi\n"]),
        "lines": lambda: _log_lines(data, "."),
        "names": lambda: _segments(data),
        "lists": lambda: iter([b"# bad ones\n198.51.100.7\nevil.example\n192.0.2.0/24\n"]),
        "devices": lambda: iter(
            [
                sample_frames.arp(),
                sample_frames.dhcp(3, name=b"phone"),
                sample_frames.mdns("a.local"),
                sample_frames.advertisement(),
            ]
        ),
        "intel": lambda: (_behind_lengths(_frames(data, 8), 2) for _ in range(1)),
        "quic": lambda: iter([_hello_in_pieces(9), _hello_in_pieces(2000)]),
        "evidence": lambda: (_behind_lengths(_frames(data, 8), 2) for _ in range(1)),
        "flows": lambda: (_behind_lengths([each], 2) for each in _exports(data)),
    }
    yield from islice(makers[subject](), OF_EACH)


def _requests() -> Sequence[bytes]:
    post = b"POST /login HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 9\r\n\r\npassword="
    return [
        b"GET /alerts?text=a%20b&sid=1 HTTP/1.1\r\nHost: glovebox.local\r\nCookie: a=b\r\n\r\n",
        post,
        post.replace(b"Content-Length: 9", b"Transfer-Encoding: chunked"),
    ]


def _segments(data: Path) -> Iterator[bytes]:
    """Yield what stands behind the headers of TCP and UDP, where they are plain."""
    for frame in _frames(data):
        yield frame[42:] if frame[23:24] == b"\x11" else frame[54:]


def _frames(data: Path, most: int = OF_EACH) -> Iterator[bytes]:
    files = [file for name in CAPTURES for file in sorted((data / name).rglob("*.pcap"))]
    shipped = [PROJECT / "tests/captures/demo.pcap"]
    frames = (record.frame[:LONGEST] for file in shipped + files[:99] for record in _records(file))
    return islice(frames, most)


def _records(file: Path) -> Iterator[Record]:
    with open_capture(file) as opened:
        yield from islice(opened, 5)


def _exports(data: Path) -> Iterator[bytes]:
    for file in sorted((data / "netflow").rglob("*.pcap")):
        yield from (record.frame[42:][:LONGEST] for record in _records(file))


def _log_lines(data: Path, folder: str) -> Iterator[bytes]:
    for file in sorted(path for path in (data / "logs" / folder).rglob("*") if path.is_file()):
        yield from islice((line[:LONGEST] for line in file.read_bytes()[: 1 << 16].split(b"\n")), 9)


def _hello_in_pieces(size: int) -> bytes:
    """Return a client's first words in two packets, in pieces of a size."""
    begin = bytes(hello())[5:]
    pieces = [crypto(at, begin[at : at + size]) for at in range(0, len(begin), size)]
    half = len(pieces) // 2
    return _behind_lengths([b"".join(pieces[:half]), b"".join(pieces[half:])], 2)


def _behind_lengths(parts: Iterator[bytes] | Sequence[bytes], width: int) -> bytes:
    largest = (1 << 8 * width) - 1
    cut = [part[:largest] for part in parts]
    return b"".join(len(part).to_bytes(width, "big") + part for part in cut)
