# SPDX-License-Identifier: MIT
"""What is compressed is read in pieces, whatever a few bytes unpack to."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from appliance.errors import DecodeError
from appliance.formats.bytestream import ByteStream, CutOff
from appliance.formats.compression import decompressed, packed

CONTENT = bytes(range(256)) * 3000
KINDS = [
    pytest.param(gzip.compress, id="gzip"),
    pytest.param(bz2.compress, id="bzip2"),
    pytest.param(lzma.compress, id="xz"),
]

Compress = Callable[[bytes], bytes]


def stream(content: bytes, size: int = 1 << 16) -> ByteStream:
    pieces = [content[at : at + size] for at in range(0, len(content), size)][::-1]
    return ByteStream(lambda: pieces.pop() if pieces else b"")


def unpacked(content: bytes, size: int = 1 << 16) -> bytes:
    found = decompressed(stream(content, size))
    assert found is not None
    return b"".join(iter(found.rest, b""))


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("compress", KINDS)
def test_decompressed_gives_the_content(compress: Compress, size: int) -> None:
    assert unpacked(compress(CONTENT), size) == CONTENT
    assert unpacked(compress(b""), size) == b""


@pytest.mark.parametrize("compress", KINDS)
def test_decompressed_reads_on_behind_the_first_member(compress: Compress) -> None:
    content = compress(b"one ") + compress(b"two ") * 2000 + compress(b"three")
    assert unpacked(content) == b"one " + b"two " * 2000 + b"three"
    assert unpacked(content + bytes(4096)) == b"one " + b"two " * 2000 + b"three"
    assert unpacked(content + b"not a member") == b"one " + b"two " * 2000 + b"three"


@pytest.mark.parametrize("compress", KINDS)
def test_decompressed_names_the_end_and_the_damage(compress: Compress) -> None:
    content = compress(CONTENT)
    for length in (7, len(content) // 2, len(content) - 1):
        with pytest.raises(CutOff):
            unpacked(content[:length])
    with pytest.raises(DecodeError, match="damaged .* data"):
        middle = len(content) // 2
        unpacked(content[:middle] + bytes((content[middle] ^ 0xFF,)) + content[middle + 1 :])


def test_a_wrong_sum_at_the_end_of_a_gzip_takes_no_byte_with_it() -> None:
    content = gzip.compress(CONTENT)
    found = decompressed(stream(content[:-8] + bytes(8)))
    assert found is not None
    assert found.take(len(CONTENT)) == CONTENT
    with pytest.raises(DecodeError, match="damaged gzip data"):
        found.rest()


def test_decompressed_leaves_other_content_alone() -> None:
    plain = stream(b"root:x:0:0")
    assert decompressed(plain) is None
    assert plain.take(4) == b"root"


@pytest.mark.slow
@pytest.mark.parametrize("compress", KINDS)
def test_decompressed_holds_a_piece_at_a_time(compress: Compress) -> None:
    bomb = compress(bytes(24 << 20))
    assert len(bomb) < 100_000
    tracemalloc.start()
    found = decompressed(stream(bomb))
    assert found is not None
    length = sum(map(len, iter(found.rest, b"")))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length == 24 << 20
    assert most < 12_000_000


def test_decompressed_refuses_an_xz_that_wants_gigabytes() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 8 << 20}]
    content = bytearray(lzma.compress(b"abc", lzma.FORMAT_XZ, filters=filters))
    # Block header: size, flags, the filter's number, length of its properties, the dictionary.
    assert content[12:16] == b"\x02\x00\x21\x01"
    content[16] = 40
    content[20:24] = zlib.crc32(content[12:20]).to_bytes(4, "little")
    with pytest.raises(DecodeError, match="damaged xz data .*[Mm]emory"):
        unpacked(bytes(content))


@pytest.mark.parametrize(
    ("head", "name", "remedy"),
    [
        (b"\x28\xb5\x2f\xfd" + bytes(9), "compressed with zstd", "`zstd -d`"),
        (b"\x04\x22\x4d\x18" + bytes(9), "compressed with lz4", "`lz4 -d`"),
        (b"PK\3\4" + bytes(30), "a zip archive", "`unzip`"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "`7z x`"),
        (b"Rar!\x1a\x07\x01\0", "a rar archive", "`unrar x`"),
        (b"\x1f\x9d\x90", "compressed with compress", "`uncompress`"),
        (b"LZIP\1", "compressed with lzip", "`lzip -d`"),
        (b"capture.pcap".ljust(257, b"\0") + b"ustar", "a tar archive", "`tar -x`"),
        (gzip.compress(b"", mtime=0), "compressed with gzip", "`gzip -d`"),
        (b"snoop\0\0\0\0\0\0\2", "a snoop capture", "`editcap -F pcap`"),
    ],
)
def test_packed_names_what_is_not_read(head: bytes, name: str, remedy: str) -> None:
    found = packed(head)
    assert found is not None
    assert found.name == name
    assert remedy in found.remedy


def test_packed_says_nothing_of_other_content() -> None:
    assert packed(b"root:x:0:0") is None
    assert packed(b"") is None
