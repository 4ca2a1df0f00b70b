# SPDX-License-Identifier: MIT
"""Names and addresses in a DNS message (RFC 1035 section 4, RFC 3596); bounded by its length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from appliance.errors import DecodeError

_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_A, _CNAME, _AAAA = 1, 5, 28
_RESPONSE, _OPCODE = 0x8000, 0x7800
# Pointers lead backwards, so each can be followed only so often; names have 255 bytes at most.
_MOST_POINTERS, _LONGEST = 32, 255
# An answer with more is no answer to a person's question; the rest is not looked at.
_MOST_RECORDS = 64
# Resolvers follow some ten aliases, a device has a few addresses. A pointer of two bytes may stand
# for a name of 127 parts, each of which is read and looked up.
_MOST_NAMES = 16


@dataclass(frozen=True, slots=True)
class DnsMessage:
    """What a message asks or tells.

    `names` are in small letters without the last dot, as bytes: the question's, then those of
    aliases; `addresses` have 4 or 16 bytes.
    """

    is_answer: bool
    names: tuple[bytes, ...]
    addresses: tuple[bytes, ...] = ()


def parse_dns(message: memoryview) -> DnsMessage:
    """Read a message without its length prefix. Raises DecodeError for what is none."""
    data = bytes(message)
    try:
        _, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
        if flags & _OPCODE or questions != 1:
            raise DecodeError("DNS: not a question, nor an answer to one")
        name, position = _name(data, _HEADER.size)
        if not flags & _RESPONSE:
            return DnsMessage(False, (name,))
        return _answer(data, position + 4, answers, name)
    except (struct.error, IndexError):
        raise DecodeError("DNS: cut off") from None


def host_addresses(message: memoryview) -> list[tuple[bytes, bytes]]:
    """Return names and addresses of an answer of multicast DNS, which asks nothing (RFC 6762).

    Empty for a question. Raises DecodeError for what is none.
    """
    data = bytes(message)
    try:
        _, flags, questions, *counts = _HEADER.unpack_from(data)
        if not flags & _RESPONSE or flags & _OPCODE or questions:
            return []
        found = _host_addresses(data, min(sum(counts), _MOST_RECORDS))
        return list(islice(found, _MOST_NAMES))
    except (struct.error, IndexError):
        raise DecodeError("DNS: cut off") from None


def _host_addresses(data: bytes, records: int) -> Iterator[tuple[bytes, bytes]]:
    position = _HEADER.size
    for _ in range(records):
        begin, position = position, _behind_name(data, position)
        kind, _, _, length = _RECORD.unpack_from(data, position)
        position += _RECORD.size
        content = data[position : position + length]
        if (kind, len(content)) in ((_A, 4), (_AAAA, 16)):
            yield _name(data, begin)[0], content
        position += length


def _answer(data: bytes, position: int, answers: int, asked: bytes) -> DnsMessage:
    names, addresses = [asked], []
    for _ in range(min(answers, _MOST_RECORDS)):
        position = _behind_name(data, position)
        if position + _RECORD.size > len(data):
            break  # cut off: what stands before counts
        kind, _, _, length = _RECORD.unpack_from(data, position)
        position += _RECORD.size
        content = data[position : position + length]
        if (kind, len(content)) in ((_A, 4), (_AAAA, 16)):
            addresses.append(content)
        elif kind == _CNAME and len(names) <= _MOST_NAMES:
            names.append(_name(data, position)[0])
        position += length
    return DnsMessage(True, tuple(names), tuple(addresses))


def _name(data: bytes, position: int) -> tuple[bytes, int]:
    """Return a name, and where what stands behind it begins."""
    labels: list[bytes] = []
    length = behind = 0
    for _ in range(_MOST_POINTERS + 128):
        size = data[position]
        if size >= 0xC0:
            behind = behind or position + 2
            target = (size & 0x3F) << 8 | data[position + 1]
            if target >= position:
                raise DecodeError("DNS: a pointer that leads forward")
            position = target
            continue
        if size > 63:
            raise DecodeError("DNS: a label of no known kind")
        position += 1
        if not size:
            return b".".join(labels).lower(), behind or position
        length += size + 1
        if length >= _LONGEST or position + size > len(data):
            raise DecodeError("DNS: a name that is too long, or cut off")
        labels.append(data[position : position + size])
        position += size
    raise DecodeError("DNS: a name without an end")


def _behind_name(data: bytes, position: int) -> int:
    while position < len(data):
        size = data[position]
        if size >= 0xC0:
            return position + 2
        if not size:
            return position + 1
        position += size + 1
    return position
