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


def fill_songs(folder: Path, shelves: int, each: int) -> None:
    """Put many songs into folders, an album each, every song with a cover of its own."""
    for shelf in range(shelves):
        place = folder / f"ALBUM{shelf}"
        place.mkdir(parents=True)
        for number in range(each):
            title = f"Song {number} of {shelf}"
            made = song(title, f"Album {shelf}", picture(700, shelf * each + number))
            (place / f"{number:08}.MP3").write_bytes(made)


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def song(title: str, album: str, cover: bytes) -> bytes:
    """Return a short silent song: MPEG-1 layer III behind an ID3v2.3 tag (id3.org)."""
    texts = ((b"TIT2", title), (b"TALB", album), (b"TPE1", f"Band of {album}"))
    frames = b"".join(_frame(kind, b"\0" + text.encode("latin-1")) for kind, text in texts)
    frames += _frame(b"APIC", b"\0image/jpeg\0\x03\0" + cover)
    size = bytes((len(frames) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    # 128 kbit/s, 44.1 kHz, stereo.
    return b"ID3\x03\0\0" + size + frames + (b"\xff\xfb\x90\x64" + bytes(413)) * 20


def picture(size: int, seed: int = 0) -> bytes:
    """Return a grey JPEG of 8 by 8 points, made `size` bytes long by a remark (ITU-T T.81)."""
    one_code = bytes([1, *bytes(15), 0])
    remark = random.Random(seed).randbytes(size)
    return b"\xff\xd8" + b"".join(
        b"\xff" + bytes([kind]) + struct.pack(">H", 2 + len(content)) + content
        for kind, content in (
            (0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            (0xFE, remark),
            (0xDB, b"\0" + b"\x01" * 64),
            (0xC0, b"\x08\0\x08\0\x08\x01\x01\x11\0"),
            (0xC4, b"\0" + one_code),
            (0xC4, b"\x10" + one_code),
            (0xDA, b"\x01\x01\0\0\x3f\0"),
        )
    ) + b"\x3f\xff\xd9"  # fmt: skip


def _frame(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">IH", len(content), 0) + content
