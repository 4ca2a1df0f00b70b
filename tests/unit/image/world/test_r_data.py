# SPDX-License-Identifier: MIT
"""Data of R as its serialization writes them, made by hand after "R Internals"."""

from __future__ import annotations

import gzip
import lzma
import struct
import zlib

import pytest

from image.world import r_data


def text(value: str) -> bytes:
    return struct.pack(">ii", 0x40009, len(value)) + value.encode()


def strings(*values: str, flags: int = 16) -> bytes:
    return struct.pack(">ii", flags, len(values)) + b"".join(map(text, values))


def numbers(*values: float) -> bytes:
    return struct.pack(f">ii{len(values)}d", 14, len(values), *values)


def named(names: list[str], *values: bytes) -> bytes:
    """Return a list with names: an attribute in a list of pairs."""
    head = struct.pack(">ii", 19 | 1 << 9, len(values)) + b"".join(values)
    pair = struct.pack(">ii", 2 | 1 << 10, 1) + text("names") + strings(*names)
    return head + pair + struct.pack(">i", 254)


def serialized(value: bytes, version: int = 2) -> bytes:
    native = struct.pack(">i", 5) + b"UTF-8" if version == 3 else b""
    return b"X\n" + struct.pack(">iii", version, 0x40300, 0x20300) + native + value


def integers(*values: int) -> bytes:
    return struct.pack(f">ii{len(values)}i", 13, len(values), *values)


def raw_xz(content: bytes) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
    return lzma.compress(content, lzma.FORMAT_RAW, filters=filters)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("way", ["zlib", "xz"])
def test_a_data_set_is_found_and_read(version: int, way: str) -> None:
    value = named(["code", "place"], strings("CH", "DE"), numbers(8.2, 47.5))
    content = serialized(value, version)
    packed = zlib.compress(content) if way == "zlib" else b"Z" + raw_xz(content)
    base = b"other" + struct.pack(">i", len(content)) + packed
    place = named(["countries"], integers(5, len(base) - 5))
    index = gzip.compress(serialized(named(["variables"], place), version))
    found = r_data.dataset(index, base, "countries")
    assert found == {"code": ["CH", "DE"], "place": [8.2, 47.5]}
    with pytest.raises(KeyError):
        r_data.dataset(index, base, "rivers")


def test_what_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="XDR"):
        r_data.dataset(gzip.compress(b"A\n"), b"", "x")
    with pytest.raises(ValueError, match="kind 77"):
        r_data.dataset(gzip.compress(serialized(struct.pack(">i", 77))), b"", "x")
