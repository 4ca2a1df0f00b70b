# SPDX-License-Identifier: MIT
"""Unified2 records built by hand, so that expectations need no decoder."""

from __future__ import annotations

import socket
import struct

SECOND = 1_795_167_004


def event(
    sid: int = 1228,
    *,
    second: int = SECOND,
    microsecond: int = 123_456,
    gid: int = 1,
    rev: int = 7,
    classification: int = 4,
    priority: int = 2,
    protocol: int = 6,
    ports: tuple[int, int] = (40000, 80),
) -> bytes:
    """Build a type 7 record: 192.0.2.1 to 192.0.2.2."""
    numbers = (0, 1, second, microsecond, sid, gid, rev, classification, priority)
    addresses = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2")
    body = struct.pack(">9I8sHHBBBB", *numbers, addresses, *ports, protocol, 0, 0, 0)
    return struct.pack(">II", 7, len(body)) + body


def event6(sid: int = 527, protocol: int = 58, kind: int = 72, tail: bytes = b"") -> bytes:
    """Build a type 72 or 105 record: 2001:db8::1 to 2001:db8::2."""
    numbers = (0, 1, SECOND, 5, sid, 1, 8, 3, 2)
    addresses = b"".join(
        socket.inet_pton(socket.AF_INET6, text) for text in ("2001:db8::1", "2001:db8::2")
    )
    body = struct.pack(">9I32sHHBBBB", *numbers, addresses, 1, 2, protocol, 0, 0, 0) + tail
    return struct.pack(">II", kind, len(body)) + body


def other(kind: int = 110, body: bytes = b"whatever") -> bytes:
    """Build a record of another type."""
    return struct.pack(">II", kind, len(body)) + body
