# SPDX-License-Identifier: MIT
"""Flows as a file of nfdump 1.7, uncompressed: what nfdump(1) reads, a block at a time. Pure.

Layout: nffile.h and nfxV3.h of nfdump 1.7 (file version 2, record version 3). Numbers are
little-endian, as on the machines that read them. A record has the elements generic flow, addresses,
interfaces, and the exporter where that is known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

# What nfdump_file needs of each flow, in SQL over the view of the questions.
COLUMNS = (
    "epoch_ms(first)", "duration", "src_hi", "src_lo", "dst_hi", "dst_lo", "sport", "dport",
    "proto", "flags", "tos", "bytes", "packets", "in_if", "out_if", "exporter_hi", "exporter_lo",
)  # fmt: skip
_MAGIC, _VERSION, _BY = 0xA50C, 2, 0x01070500
_RECORDS, _RECORD = 3, 11
_GENERIC, _IPV4, _IPV6, _MISC, _EXPORTER4, _EXPORTER6 = 1, 2, 3, 4, 12, 13
_MOST = (1 << 64) - 1

# Magic, version, program, created, compression, encryption, blocks of appendix, creator, where the
# appendix is, size of blocks, number of blocks.
_HEADER = struct.Struct("<HHIQBBHIQII")
_BLOCK = struct.Struct("<IIHH")
# Type, size, elements, engine (2), exporter, flags, version of the exporter.
_HEAD = struct.Struct("<HHHBBHBB")
_ELEMENT = struct.Struct("<HH")
# First, last and received (ms), packets, bytes, ports, protocol, flags, status, ToS.
_FLOW = struct.Struct("<HHQQQQQHHBBBB")
_FOUR, _SIX = struct.Struct("<HHII"), struct.Struct("<HHQQQQ")
# Interfaces; masks, direction, ToS back; direction of both, why it ended, flags back.
_INTERFACES = struct.Struct("<HHII4B4B")

Row = Sequence[int]


def header(created: int, blocks: int) -> bytes:
    """Return the head of a file with so many blocks, made at `created` (since the epoch)."""
    return _HEADER.pack(_MAGIC, _VERSION, _BY, created, 0, 0, 0, 0, 0, 0, blocks)


def block(rows: Iterable[Row]) -> bytes:
    """Return flows as a block; the columns are COLUMNS."""
    records = list(map(_record, rows))
    content = b"".join(records)
    return _BLOCK.pack(len(records), len(content), _RECORDS, 0) + content


def _record(row: Row) -> bytes:
    elements = list(_elements(row))
    content = b"".join(elements)
    head = _HEAD.pack(_RECORD, _HEAD.size + len(content), len(elements), 0, 0, 0, 0, 0)
    return head + content


def _elements(row: Row) -> Iterator[bytes]:
    first, duration, src_hi, src_lo, dst_hi, dst_lo, *rest = row
    sport, dport, proto, flags, tos, octets, packets, in_if, out_if, by_hi, by_lo = rest
    yield _FLOW.pack(_GENERIC, _FLOW.size, first, first + duration, first + duration,
                     min(packets, _MOST), min(octets, _MOST), sport, dport, proto, flags, 0,
                     tos)  # fmt: skip
    if _is_four(src_hi, src_lo) and _is_four(dst_hi, dst_lo):
        yield _FOUR.pack(_IPV4, _FOUR.size, src_lo & 0xFFFFFFFF, dst_lo & 0xFFFFFFFF)
    else:
        yield _SIX.pack(_IPV6, _SIX.size, src_hi, src_lo, dst_hi, dst_lo)
    yield _INTERFACES.pack(_MISC, _INTERFACES.size, in_if, out_if, *(0,) * 8)
    if _is_four(by_hi, by_lo):
        yield _ELEMENT.pack(_EXPORTER4, 8) + struct.pack("<I", by_lo & 0xFFFFFFFF)
    elif by_hi or by_lo:
        yield _ELEMENT.pack(_EXPORTER6, 20) + struct.pack("<QQ", by_hi, by_lo)


def _is_four(high: int, low: int) -> bool:
    return high == 0 and low >> 32 == 0xFFFF
