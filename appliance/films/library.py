# SPDX-License-Identifier: MIT
"""What minidlna's own page tells: files by kind, clients, streams. Raises OSError or ValueError."""

from __future__ import annotations

import html
import re
import socket

from appliance.films.minidlna import PORT
from appliance.reports.films import Client, Library

ADDRESS = ("127.0.0.1", PORT)
PATIENCE_S = 2.0
LARGEST_PAGE = 1 << 16
MOST_CLIENTS = 50
LONGEST_NAME = 60
SCANNING = "Media scan in progress"
# Before its database is there it counts -1.
_FILES = re.compile(r"(Audio|Video|Image) files</td><td>(-?\d{1,9})</td>")
_CLIENT = re.compile(
    r"<tr><td>\d+</td><td>([^<]*)</td><td>(\d{1,3}(?:\.\d{1,3}){3})</td>"
    r"<td>[0-9A-F:]*</td><td>(\d{1,6})</td></tr>"
)
_STREAMS = re.compile(r"(\d{1,6}) connections? currently open")


def ask(address: tuple[str, int] = ADDRESS) -> Library:
    """Ask minidlna on this machine."""
    with socket.create_connection(address, PATIENCE_S) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return parse(_read(connection).decode(errors="replace"))


def _read(connection: socket.socket) -> bytes:
    page = bytearray()
    while len(page) < LARGEST_PAGE and (piece := connection.recv(LARGEST_PAGE)):
        page += piece
    return bytes(page)


def parse(page: str) -> Library:
    """Return what stands in minidlna's page; without counts of files it is none: ValueError."""
    counts = dict(_FILES.findall(page))
    missing = {"Audio", "Video", "Image"} - counts.keys()
    if missing:
        raise ValueError(f"its page has no count of {min(missing)} files")
    streams = _STREAMS.search(page)
    return Library(
        audio=max(0, int(counts["Audio"])),
        video=max(0, int(counts["Video"])),
        images=max(0, int(counts["Image"])),
        scanning=SCANNING in page,
        streams=int(streams[1]) if streams else 0,
        # Whoever asks from this machine is no player, but we ourselves.
        clients=tuple(
            _client(*found) for found in _CLIENT.findall(page) if not found[1].startswith("127.")
        )[:MOST_CLIENTS],
    )


def _client(kind: str, address: str, streams: str) -> Client:
    return Client(html.unescape(kind).strip()[:LONGEST_NAME], address, int(streams))
