"""Films for tests: valid containers of any size, made without an encoder.

A player would show noise; what counts is that a media server knows them by their headers, and that
every byte can be told from every other.
"""

from __future__ import annotations

import random
import struct

WIDTH, HEIGHT, FRAMES_PER_SECOND = 720, 576, 25
FRAME_BYTES = 32 << 10


def avi(size: int, seed: int = 0) -> bytes:
    """Return a film of about `size` bytes: Motion JPEG in AVI (Microsoft AVI RIFF reference)."""
    frames = max(1, size // FRAME_BYTES)
    noise = random.Random(seed)
    movie = b"".join(_chunk(b"00dc", noise.randbytes(FRAME_BYTES - 8)) for _ in range(frames))
    main_header = struct.pack(
        "<14I", 1_000_000 // FRAMES_PER_SECOND, FRAME_BYTES * FRAMES_PER_SECOND, 0, 0x10, frames,
        0, 1, FRAME_BYTES, WIDTH, HEIGHT, 0, 0, 0, 0,
    )  # fmt: skip
    stream_header = struct.pack(
        "<4s4sIHHIIIIIIII4H", b"vids", b"MJPG", 0, 0, 0, 0, 1, FRAMES_PER_SECOND, 0, frames,
        FRAME_BYTES, 0, 0, 0, 0, WIDTH, HEIGHT,
    )  # fmt: skip
    picture = struct.pack(
        "<IiiHH4sIiiII", 40, WIDTH, HEIGHT, 1, 24, b"MJPG", WIDTH * HEIGHT * 3, 0, 0, 0, 0
    )
    stream = _list(b"strl", _chunk(b"strh", stream_header) + _chunk(b"strf", picture))
    header = _list(b"hdrl", _chunk(b"avih", main_header) + stream)
    return _chunk(b"RIFF", b"AVI " + header + _list(b"movi", movie))


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
