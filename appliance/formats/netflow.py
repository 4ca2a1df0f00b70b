# SPDX-License-Identifier: MIT
"""NetFlow 5, NetFlow 9 and IPFIX datagrams: their headers, their sets, and templates. Pure.

All numbers are big-endian. Lengths are checked against the datagram; the number of records that the
header of version 9 tells is never believed. Sources: Cisco, "NetFlow Export Datagram Format" (5);
RFC 3954 (9); RFC 7011 (IPFIX, version 10).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from appliance.errors import DecodeError

PORT = 2055
V5, V9, IPFIX = 5, 9, 10
# A template names so many fields at most. RouterOS sends some 30, the widest exporter known 130.
MOST_FIELDS = 512
FIRST_DATA_SET = 256
# A field of IPFIX with this length tells its own in each record (RFC 7011, 7).
VARIABLE = 0xFFFF
V5_RECORD_BYTES = 48
# A flow cannot be told in less; made-up ones of a byte each would fill the memory.
SMALLEST_FLOW = 8

_V5 = struct.Struct("!HHIIIIBBH")
_V9 = struct.Struct("!HHIIII")
_IPFIX = struct.Struct("!HHIII")
_PAIR = struct.Struct("!HH")
_HALF = struct.Struct("!H")
_TEMPLATES = {V9: (0, 1), IPFIX: (2, 3)}
_ENTERPRISE = 0x8000


class UnsupportedVersion(DecodeError):
    """A datagram that begins with another number than 5, 9 or 10."""


class FlowHeader(NamedTuple):
    """What stands before the records.

    `export_ms` is the exporter's clock in milliseconds since the epoch, `uptime_ms` how long it
    runs; IPFIX does not say that, and it is 0. `domain` tells apart the parts of one exporter.
    `sampling` is of version 5: one packet in so many is counted, 0 where nothing is said. Sets, or
    the records of version 5, lie from byte `body` to before `end`.
    """

    version: int
    uptime_ms: int
    export_ms: int
    sequence: int
    domain: int
    sampling: int
    body: int
    end: int


FlowSet = tuple[int, int, int]
"""A set of a datagram: its number, and where its content begins and ends."""


class FlowField(NamedTuple):
    """A field of a template: the number of what it holds, its bytes, and who gave the number."""

    number: int
    length: int
    enterprise: int = 0


class Template(NamedTuple):
    """How the records of a set are laid out; the first `scopes` fields say what an option is of.

    One without fields is withdrawn; `number` is then that of the set of templates where all are.
    `is_options` tells records that are about the exporter from flows.
    """

    number: int
    fields: tuple[FlowField, ...]
    is_options: bool = False
    scopes: int = 0


def header(datagram: bytes | memoryview) -> FlowHeader:
    """Read the header. Raises UnsupportedVersion, DecodeError for one that is cut off."""
    try:
        (version,) = _HALF.unpack_from(datagram)
        if version == V9:
            return _v9(datagram)
        if version == IPFIX:
            return _ipfix(datagram)
        if version == V5:
            return _v5(datagram)
    except struct.error:
        raise DecodeError("cut off in the header") from None
    raise UnsupportedVersion(f"version {version}")


def _v5(datagram: bytes | memoryview) -> FlowHeader:
    _, count, uptime, seconds, nanoseconds, sequence, kind, engine, sampling = _V5.unpack_from(
        datagram
    )
    end = _V5.size + count * V5_RECORD_BYTES
    if end > len(datagram):
        raise DecodeError("fewer records than the header tells")
    # The upper two bits are the kind of sampling (Cisco's SAMPLING_INTERVAL).
    export = seconds * 1000 + min(nanoseconds, 999_999_999) // 1_000_000
    domain = kind << 8 | engine
    return FlowHeader(V5, uptime, export, sequence, domain, sampling & 0x3FFF, _V5.size, end)


def _v9(datagram: bytes | memoryview) -> FlowHeader:
    _, _, uptime, seconds, sequence, domain = _V9.unpack_from(datagram)
    return FlowHeader(V9, uptime, seconds * 1000, sequence, domain, 0, _V9.size, len(datagram))


def _ipfix(datagram: bytes | memoryview) -> FlowHeader:
    _, length, seconds, sequence, domain = _IPFIX.unpack_from(datagram)
    if not _IPFIX.size <= length <= len(datagram):
        raise DecodeError("another length than the header tells")
    return FlowHeader(IPFIX, 0, seconds * 1000, sequence, domain, 0, _IPFIX.size, length)


def sets(datagram: bytes | memoryview, found: FlowHeader) -> Iterator[FlowSet]:
    """Yield the sets of a datagram of version 9 or IPFIX. Raises DecodeError at one that lies."""
    at, end = found.body, found.end
    while at + 4 <= end:
        number, length = _PAIR.unpack_from(datagram, at)
        if length < 4 or at + length > end:
            # Some exporters fill up with zeros.
            if number == 0 and length == 0:
                return
            raise DecodeError("a set of another length than it tells")
        yield number, at + 4, at + length
        at += length


def is_templates(version: int, number: int) -> bool:
    """Tell whether a set holds templates, of flows or of options."""
    return number in _TEMPLATES[version]


def templates(datagram: bytes | memoryview, version: int, found: FlowSet) -> Iterator[Template]:
    """Yield the templates of a set. Raises DecodeError at the first that cannot be read."""
    number, start, end = found
    content = bytes(datagram[start:end])
    is_options = number == _TEMPLATES[version][1]
    read = _options if is_options and version == V9 else _template
    at = 0
    # What is shorter than the head of a template fills up to four bytes.
    while at + 4 <= len(content):
        if content[at : at + 4] == bytes(4):
            return
        try:
            template, at = read(content, at, version, is_options)
        except struct.error:
            raise DecodeError("cut off in a template") from None
        yield template


def _template(content: bytes, at: int, version: int, is_options: bool) -> tuple[Template, int]:
    number, count = _PAIR.unpack_from(content, at)
    at += 4
    if version == IPFIX and count == 0:
        # RFC 7011, 8.1: a withdrawal has no fields, and no scopes either.
        return Template(number, (), is_options), at
    scopes = 0
    if is_options:
        (scopes,) = _HALF.unpack_from(content, at)
        at += 2
    if not 0 < count <= MOST_FIELDS or scopes > count:
        raise DecodeError("a template of too many fields, or none")
    fields, at = _fields(content, at, count, version)
    return sound(Template(number, fields, is_options, scopes)), at


def _options(content: bytes, at: int, version: int, is_options: bool) -> tuple[Template, int]:
    """Read a template of options of version 9, which tells lengths in bytes (RFC 3954, 6.1)."""
    number, scope_bytes = _PAIR.unpack_from(content, at)
    (option_bytes,) = _HALF.unpack_from(content, at + 4)
    count = (scope_bytes + option_bytes) // 4
    if scope_bytes % 4 or option_bytes % 4 or not 0 < count <= MOST_FIELDS:
        raise DecodeError("a template of options of no sound length")
    fields, at = _fields(content, at + 6, count, version)
    return sound(Template(number, fields, is_options, scope_bytes // 4)), at


def _fields(content: bytes, at: int, count: int, version: int) -> tuple[tuple[FlowField, ...], int]:
    found = []
    for _ in range(count):
        number, length = _PAIR.unpack_from(content, at)
        at += 4
        enterprise = 0
        if version == IPFIX and number & _ENTERPRISE:
            (enterprise,) = struct.unpack_from("!I", content, at)
            at += 4
            number &= _ENTERPRISE - 1
        found.append(FlowField(number, length, enterprise))
    return tuple(found), at


def sound(template: Template) -> Template:
    """Return a template by which records can be read. Raises DecodeError for others."""
    if template.scopes > len(template.fields):
        raise DecodeError("a template of more scopes than fields")
    if template.number < FIRST_DATA_SET:
        raise DecodeError("a template for what is no set of data")
    least = sum(1 if each.length == VARIABLE else each.length for each in template.fields)
    if least < (1 if template.is_options else SMALLEST_FLOW):
        raise DecodeError("a template of records that tell nothing")
    return template
