# SPDX-License-Identifier: MIT
"""Films for tests: valid containers of any size, made without an encoder.

A player would show noise; what counts is that a media server knows them by their headers, and that
every byte can be told from every other.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

WIDTH, HEIGHT, FRAMES_PER_SECOND = 720, 576, 25
FRAME_BYTES = 32 << 10


def avi(size: int, seed: int = 0) -> bytes:
    """Return a film of about `size` bytes: Motion JPEG in AVI (Microsoft AVI RIFF reference)."""
    picture_bytes = min(FRAME_BYTES, max(256, size))
    frames = max(1, size // picture_bytes)
    noise = random.Random(seed)
    movie = b"".join(_chunk(b"00dc", noise.randbytes(picture_bytes - 8)) for _ in range(frames))
    main_header = struct.pack(
        "<14I", 1_000_000 // FRAMES_PER_SECOND, picture_bytes * FRAMES_PER_SECOND, 0, 0x10, frames,
        0, 1, picture_bytes, WIDTH, HEIGHT, 0, 0, 0, 0,
    )  # fmt: skip
    stream_header = struct.pack(
        "<4s4sIHHIIIIIIII4H", b"vids", b"MJPG", 0, 0, 0, 0, 1, FRAMES_PER_SECOND, 0, frames,
        picture_bytes, 0, 0, 0, 0, WIDTH, HEIGHT,
    )  # fmt: skip
    picture = struct.pack(
        "<IiiHH4sIiiII", 40, WIDTH, HEIGHT, 1, 24, b"MJPG", WIDTH * HEIGHT * 3, 0, 0, 0, 0
    )
    stream = _list(b"strl", _chunk(b"strh", stream_header) + _chunk(b"strf", picture))
    header = _list(b"hdrl", _chunk(b"avih", main_header) + stream)
    return _chunk(b"RIFF", b"AVI " + header + _list(b"movi", movie))


def fill(folder: Path, shelves: int, each: int) -> None:
    """Put many small films into folders, with names that are short on FAT too."""
    film = avi(512)
    for number in range(shelves):
        place = folder / f"SHELF{number}"
        place.mkdir(parents=True)
        for film_number in range(number * each, (number + 1) * each):
            (place / f"{film_number:08}.AVI").write_bytes(film)


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
