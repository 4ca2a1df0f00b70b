# SPDX-License-Identifier: MIT
"""A pcapng writer of the tests' own."""

from __future__ import annotations

import struct


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """Frame a block: its body is filled up to a multiple of four bytes."""
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<", version: tuple[int, int] = (1, 0)) -> bytes:
    """Begin a section of unknown length."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, *version, -1), order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """Write one option."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(
    link_type: int = 1, snaplen: int = 0, options: bytes = b"", order: str = "<"
) -> bytes:
    """Describe an interface."""
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def packet(
    frame: bytes, number: int = 0, time: int = 0, original: int | None = None, order: str = "<"
) -> bytes:
    """Write an enhanced packet of interface `number`."""
    high, low = divmod(time, 1 << 32)
    length = len(frame) if original is None else original
    return block(
        6, struct.pack(order + "IIIII", number, high, low, len(frame), length) + frame, order
    )


def simple(frame: bytes, original: int | None = None, order: str = "<") -> bytes:
    """Write a simple packet."""
    length = len(frame) if original is None else original
    return block(3, struct.pack(order + "I", length) + frame, order)


def old(frame: bytes, number: int = 0, time: int = 0, order: str = "<") -> bytes:
    """Write an obsolete packet block."""
    high, low = divmod(time, 1 << 32)
    header = struct.pack(order + "HHIIII", number, 0, high, low, len(frame), len(frame))
    return block(2, header + frame, order)
