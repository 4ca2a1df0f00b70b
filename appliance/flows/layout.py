# SPDX-License-Identifier: MIT
"""What a template means, and its records as columns, many at once. Pure.

A field is taken from where it lies in all records of a set in one step. Numbers of fields: IANA,
"IP Flow Information Export (IPFIX) Entities"; those of NetFlow 9 are the same up to 127.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from appliance.flows.records import FLOW, MAPPED, Flows, Ints, Words
from appliance.formats.netflow import V5_RECORD_BYTES, VARIABLE, FlowField, Template

_HALF = struct.Struct("!H")
# For each number of ours the fields that may hold it; the first that a template has is taken, so
# that nothing is counted twice where an exporter sends "in" and "out", or growth and totals.
NUMBERS: Mapping[str, tuple[int, ...]] = {
    "bytes": (1, 85, 231, 352, 23),
    "packets": (2, 86, 298, 24),
    "in_if": (10, 252),
    "out_if": (14, 253),
    "sport": (7, 180, 182),
    "dport": (11, 181, 183),
    "nat_sport": (227,),
    "nat_dport": (228,),
    "proto": (4,),
    "tos": (5,),
    "flags": (6,),
}
# Of each address, the fields of IPv4 and of IPv6.
ADDRESSES: Mapping[str, tuple[int, int]] = {
    "src": (8, 27),
    "dst": (12, 28),
    "nat_src": (225, 281),
    "nat_dst": (226, 282),
}
# Type and code of ICMP in one number, or in two; they stand in the place of the port, as in nfdump.
ICMP, ICMP_PARTS = (32, 139), ((176, 177), (178, 179))
SAMPLING = (34, 50, 305)
ICMP_PROTOCOLS = (1, 58)
# What an interval of sampling is at most; RouterOS sends it with the bytes the wrong way round.
MOST_SAMPLING = 1 << 20


class Place(NamedTuple):
    """Where a field lies in a record, and its bytes."""

    at: int
    length: int


@dataclass(frozen=True)
class Layout:
    """The records of a template: `size` bytes each, 0 where each record tells its own length."""

    template: Template
    size: int
    places: Mapping[int, Place] = field(default_factory=dict)

    @property
    def smallest(self) -> int:
        """Return the bytes of the smallest record that there can be."""
        return self.size or sum(
            1 if each.length == VARIABLE else each.length for each in self.template.fields
        )


def layout(template: Template) -> Layout:
    """Return where the fields of a template lie."""
    if any(each.length == VARIABLE for each in template.fields):
        return Layout(template, 0)
    places: dict[int, Place] = {}
    at = 0
    for each in template.fields:
        if not each.enterprise:
            places.setdefault(each.number, Place(at, each.length))
        at += each.length
    return Layout(template, at, places)


def _fixed(*fields: tuple[int, int]) -> Layout:
    return layout(Template(0, tuple(FlowField(number, length) for number, length in fields)))


# The record of version 5; 0 is what nobody needs.
V5_LAYOUT = _fixed(
    (8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2),
    (0, 1), (6, 1), (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (0, 2),
)  # fmt: skip
assert V5_LAYOUT.size == V5_RECORD_BYTES


class Columns:
    """The fields of many records of one layout, each as a column of numbers."""

    def __init__(self, places: Mapping[int, Place], size: int, content: bytes, count: int) -> None:
        """Take `count` records of `size` bytes, one after the other in `content`."""
        self._places, self._size, self._content, self.count = places, size, content, count

    def __contains__(self, number: int) -> bool:
        return number in self._places

    def numbers(self, number: int) -> Words:
        """Return a field as unsigned numbers; of one that is longer, the lowest eight bytes."""
        at, length = self._places[number]
        if length > 8:
            at, length = at + length - 8, 8
        if length in (1, 2, 4, 8):
            return self._column(at, length)
        total = np.zeros(self.count, np.uint64)
        for byte in range(length):
            total = total << np.uint64(8) | self._column(at + byte, 1)
        return total

    def halves(self, number: int) -> tuple[Words, Words]:
        """Return a field of 16 bytes as two columns; one of another length as nothing known."""
        at, length = self._places[number]
        if length != 16:
            return np.zeros(self.count, np.uint64), np.zeros(self.count, np.uint64)
        return self._column(at, 8), self._column(at + 8, 8)

    def _column(self, at: int, length: int) -> Words:
        kind = np.dtype(f">u{length}")
        column: Words = np.ndarray((self.count,), kind, self._content, at, (self._size,))
        return column.astype(np.uint64)


def columns(found: Layout, content: bytes, count: int) -> Columns:
    """Return the columns of `count` records of a layout whose records have one size."""
    return Columns(found.places, found.size, content, count)


def varied(found: Layout, content: bytes) -> Columns:
    """Return the columns of records that tell their own lengths.

    Each field becomes as long as the longest that is of use.
    """
    rows = list(split(found.template, content))
    places: dict[int, Place] = {}
    kept: list[tuple[int, int]] = []
    size = 0
    for index, each in enumerate(found.template.fields):
        if not each.enterprise and each.number not in places:
            length = 16 if each.length == 16 else 8
            places[each.number] = Place(size, length)
            kept.append((index, length))
            size += length
    packed = b"".join(
        row[index][-length:].rjust(length, b"\0") for row in rows for index, length in kept
    )
    return Columns(places, size, packed, len(rows))


def split(template: Template, content: bytes) -> Iterator[list[bytes]]:
    """Yield the fields of each record that is whole (RFC 7011, 7)."""
    at = 0
    while at < len(content):
        row: list[bytes] = []
        try:
            for each in template.fields:
                length, at = _length(each, content, at)
                if at + length > len(content):
                    return
                row.append(content[at : at + length])
                at += length
        except (IndexError, struct.error):
            return
        yield row


def _length(each: FlowField, content: bytes, at: int) -> tuple[int, int]:
    if each.length != VARIABLE:
        return each.length, at
    length = content[at]
    if length < 255:
        return length, at + 1
    return _HALF.unpack_from(content, at + 1)[0], at + 3


def options(template: Template, content: bytes) -> Iterator[Mapping[int, int]]:
    """Yield the short fields of each record of options, as numbers, without those of its scope."""
    for row in split(template, content):
        yield {
            each.number: int.from_bytes(value)
            for each, value in list(zip(template.fields, row, strict=True))[template.scopes :]
            if not each.enterprise and 0 < len(value) <= 8
        }


def flows(found: Columns, times: Callable[[Columns], tuple[Ints, Ints]]) -> Flows:
    """Return the records as flows; `times` makes of their columns when each began and ended."""
    made = np.zeros(found.count, FLOW)
    for name, numbers in NUMBERS.items():
        number = next((each for each in numbers if each in found), None)
        if number is not None:
            made[name] = found.numbers(number)
    for name, families in ADDRESSES.items():
        _address(found, made, name, families)
    _icmp(found, made)
    number = next((each for each in SAMPLING if each in found), None)
    if number is not None:
        made["sampling"] = _intervals(found.numbers(number))
    made["first"], made["last"] = times(found)
    return made


def _address(found: Columns, made: Flows, name: str, families: tuple[int, int]) -> None:
    """Take the address of IPv6, and that of IPv4 where it is none: some templates have both."""
    four, six = families
    high, low = f"{name}_hi", f"{name}_lo"
    if six in found:
        made[high], made[low] = found.halves(six)
    if four in found:
        plain = found.numbers(four) & np.uint64(0xFFFFFFFF)
        mapped = np.where(plain != 0, plain | np.uint64(MAPPED), np.uint64(0))
        if six in found:
            empty = (made[high] == 0) & (made[low] == 0)
            made[low] = np.where(empty, mapped, made[low])
        else:
            made[low] = mapped


def _icmp(found: Columns, made: Flows) -> None:
    is_icmp = np.isin(made["proto"], ICMP_PROTOCOLS) & (made["dport"] == 0)
    if not is_icmp.any():
        return
    for number in ICMP:
        if number in found:
            kept = is_icmp & (made["dport"] == 0)
            made["dport"][kept] = found.numbers(number)[kept].astype(np.uint16)
    for kind, code in ICMP_PARTS:
        if kind in found and code in found:
            kept = is_icmp & (made["dport"] == 0)
            both = found.numbers(kind) << np.uint64(8) | found.numbers(code)
            made["dport"][kept] = both[kept].astype(np.uint16)


def interval(number: int) -> int:
    """Return an interval of sampling, read the way round that makes sense; 0 for none."""
    number &= 0xFFFFFFFF
    if number <= MOST_SAMPLING:
        return number
    turned = int.from_bytes(number.to_bytes(4), "little")
    return turned if turned <= MOST_SAMPLING else 0


def _intervals(numbers: Words) -> Words:
    distinct, where = np.unique(numbers, return_inverse=True)
    told = np.array([interval(int(each)) for each in distinct], np.uint64)
    return np.asarray(told[where])


def sampling(options_record: Mapping[int, int]) -> int:
    """Return the interval that a record of options tells, 0 where it tells none.

    Of 305 and 306 together: so many packets looked at, so many left out.
    """
    if 305 in options_record and options_record.get(306):
        looked = max(1, options_record[305])
        return interval((looked + options_record[306]) // looked)
    return next((interval(options_record[each]) for each in SAMPLING if each in options_record), 0)
