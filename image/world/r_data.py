# SPDX-License-Identifier: MIT
"""Reads data that a package of R holds, without R: what the outlines of countries need. Pure.

Source: "R Internals", 1.8 (serialization formats), and lazyLoadDBfetch() for packages' .rdb.
Lists become lists, or dictionaries where all of them have names; attributes but names are left out.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from typing import Any

_NULL, _SYMBOL, _PAIRS, _LANGUAGE, _CHARS, _LOGICALS, _INTS, _REALS, _STRINGS, _LIST = (
    254, 1, 2, 6, 9, 10, 13, 14, 16, 19,
)  # fmt: skip
_REFERENCE, _ALTERED = 255, 238
# As R_compress3() has it.
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
_HAS_ATTRIBUTES, _HAS_TAG = 1 << 9, 1 << 10


def dataset(index: bytes, base: bytes, name: str) -> Any:
    """Return a data set of a package: `index` is its .rdx, `base` its .rdb.

    Raises KeyError without it, ValueError for what is none.
    """
    offset, length = _Reader(gzip.decompress(index)).read()["variables"][name]
    return _Reader(_unpacked(base[offset : offset + length])).read()


def _unpacked(content: bytes) -> bytes:
    kind = content[4:5]
    if kind == b"Z":
        found = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
        return found.decompress(content[5:])
    if kind == b"2":
        return bz2.decompress(content[5:])
    return zlib.decompress(content[4:])


class _Reader:
    """One serialized value, in XDR."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0
        self._known: list[Any] = []

    def read(self) -> Any:
        """Return the value. Raises ValueError."""
        if self._content[:2] != b"X\n":
            raise ValueError("no data of R in XDR")
        self._at = 2
        version, *_ = (self._int() for _ in range(3))
        if version >= 3:
            self._text(self._int())
        return self._item()

    def _int(self) -> int:
        return int(self._many("i", 1)[0])

    def _many(self, kind: str, count: int) -> tuple[Any, ...]:
        packed = struct.Struct(f">{count}{kind}")
        found = packed.unpack_from(self._content, self._at)
        self._at += packed.size
        return found

    def _text(self, length: int) -> str:
        self._at += length
        return self._content[self._at - length : self._at].decode("utf-8", "replace")

    def _item(self) -> Any:
        flags = self._int()
        kind = flags & 0xFF
        if kind == _REFERENCE:
            return self._known[(flags >> 8 or self._int()) - 1]
        if kind in (_PAIRS, _LANGUAGE):
            return self._pairs(flags)
        if kind == _ALTERED:
            self._item()
            value = self._item()
            self._item()
            return value
        value = self._plain(kind)
        if flags & _HAS_ATTRIBUTES and kind != _CHARS:
            attributes = self._item()
            if isinstance(value, list) and isinstance(attributes, dict):
                return _named(value, attributes.get("names"))
        return value

    def _plain(self, kind: int) -> Any:
        if kind == _SYMBOL:
            self._known.append(self._item())
            return self._known[-1]
        if kind == _CHARS:
            length = self._int()
            return None if length == -1 else self._text(length)
        if kind in (_LOGICALS, _INTS, _REALS):
            return list(self._many("d" if kind == _REALS else "i", self._int()))
        if kind in (_STRINGS, _LIST):
            return [self._item() for _ in range(self._int())]
        if kind >= 241:  # The empty value, the global environment, and other single ones.
            return None
        raise ValueError(f"a value of kind {kind}")

    def _pairs(self, flags: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while flags & 0xFF in (_PAIRS, _LANGUAGE):
            if flags & _HAS_ATTRIBUTES:
                self._item()
            tag = self._item() if flags & _HAS_TAG else f"#{len(found)}"
            found[tag] = self._item()
            flags = self._int()
        return found


def _named(value: list[Any], names: Any) -> Any:
    if isinstance(names, list) and len(names) == len(value) and all(names):
        return dict(zip(names, value, strict=True))
    return value
