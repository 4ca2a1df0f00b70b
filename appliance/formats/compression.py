# SPDX-License-Identifier: MIT
"""Compressed streams, by their first bytes: gzip, bzip2 and xz are read, others are named.

Whatever a few bytes unpack to, no more than a piece of it is held at once.
Sources: RFC 1952; the xz file format, 1.2.1; the formats' magic numbers in file(1).
"""

from __future__ import annotations

import bz2
import contextlib
import lzma
import zlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

from appliance.errors import DecodeError
from appliance.formats.bytestream import ByteStream, CutOff

# As long as all that tells the kinds: a tar archive names itself in byte 257.
HEAD = 262
_PIECE = 1 << 18
# What `xz -9` asks for is 65 MiB; a hostile header asks for 4 GiB.
_XZ_MEMORY = 128 << 20


class Packed(NamedTuple):
    """A kind of file that is no capture but may hold one, and how to get at it."""

    name: str
    remedy: str


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


class _Gunzip:
    """zlib's decompressor with the manners of the two others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._full = False
        self._damage: zlib.error | None = None

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        if self._damage:
            raise self._damage
        before, data = self._inner.copy(), self._inner.unconsumed_tail + data
        try:
            content = self._inner.decompress(data, max_length)
        except zlib.error as error:
            # What was read with it is good: a wrong sum at the end is that of all before it.
            self._damage = error
            content = _before_damage(before, data)
        self._full = len(content) == max_length or self._damage is not None
        return content


def _before_damage(inner: zlib._Decompress, data: bytes) -> bytes:
    pieces = list[bytes]()
    with contextlib.suppress(zlib.error):
        pieces.extend(inner.decompress(data[at : at + 1]) for at in range(len(data)))
    return b"".join(pieces)


def _unxz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


_READ: dict[bytes, tuple[str, Callable[[], _Decompressor]]] = {
    b"\x1f\x8b": ("gzip", _Gunzip),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\0": ("xz", _unxz),
}
_NAMED = {
    b"\x28\xb5\x2f\xfd": Packed("compressed with zstd", "decompress it with `zstd -d` first"),
    b"\x04\x22\x4d\x18": Packed("compressed with lz4", "decompress it with `lz4 -d` first"),
    b"\x1f\x9d": Packed("compressed with compress", "decompress it with `uncompress` first"),
    b"LZIP": Packed("compressed with lzip", "decompress it with `lzip -d` first"),
    b"PK\x03\x04": Packed("a zip archive", "unpack it with `unzip` first"),
    b"PK\x05\x06": Packed("an empty zip archive", "ask for it again"),
    b"7z\xbc\xaf\x27\x1c": Packed("a 7z archive", "unpack it with `7z x` first"),
    b"Rar!\x1a\x07": Packed("a rar archive", "unpack it with `unrar x` first"),
    b"snoop\0\0\0": Packed("a snoop capture", "convert it with `editcap -F pcap` first"),
}
_TAR = Packed("a tar archive", "unpack it with `tar -x` first")


def packed(head: bytes) -> Packed | None:
    """Name what a file is that begins with `head`, HEAD bytes or all; None where nothing is known.

    Also of the kinds that decompressed() reads: where one is packed in another.
    """
    if head[257:262] == b"ustar":
        return _TAR
    for magic, (name, _) in _READ.items():
        if head.startswith(magic):
            return Packed(f"compressed with {name}", f"decompress it with `{name} -d` first")
    return next((kind for magic, kind in _NAMED.items() if head.startswith(magic)), None)


def decompressed(stream: ByteStream) -> ByteStream | None:
    """Return what is compressed in `stream`; None where that is nothing that can be read here.

    Taking from it raises DecodeError where it is damaged, CutOff where it ends too soon.
    """
    head = stream.peek(6)
    for magic, (name, new) in _READ.items():
        if head.startswith(magic):
            return ByteStream(_Unpacking(stream, name, magic, new).more)
    return None


class _Unpacking:
    """Reads one compressed member after the other, as gzip(1) and xz(1) do."""

    def __init__(
        self, stream: ByteStream, name: str, magic: bytes, new: Callable[[], _Decompressor]
    ) -> None:
        self._stream = stream
        self._name = name
        self._magic = magic
        self._new = new
        self._current: _Decompressor | None = new()

    def more(self) -> bytes:
        """Return the next piece, nothing at the end."""
        while self._current is not None:
            if piece := self._step(self._current):
                return piece
            if self._current.eof:
                self._current = self._next_member(self._current.unused_data)
        return b""

    def _step(self, current: _Decompressor) -> bytes:
        data = self._stream.rest() if current.needs_input and not current.eof else b""
        if not data and current.needs_input and not current.eof:
            raise CutOff("cut off")
        try:
            return current.decompress(data, _PIECE) if not current.eof else b""
        except (zlib.error, lzma.LZMAError, OSError) as error:
            raise DecodeError(f"damaged {self._name} data ({error})") from error

    def _next_member(self, unused: bytes) -> _Decompressor | None:
        """Return what reads on behind a member; zeros and what is no member end the stream."""
        self._stream.give_back(unused)
        while piece := self._stream.rest():
            if content := piece.lstrip(b"\0"):
                self._stream.give_back(content)
                break
        return self._new() if self._stream.peek(len(self._magic)) == self._magic else None
