# SPDX-License-Identifier: MIT
"""Frames shared out by their pair of addresses, in the words of pcap-filter(7). Pure.

By the outer addresses: both directions of a connection, its fragments, and what a tunnel carries
are in one share. Frames without any are in the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

# Where the IP header of a frame begins, and what stands before it: (offset, value) of 16 bits.
_TAGS = (0x8100, 0x88A8)
_IPV4, _IPV6, _PPPOE, _PPP_IPV4, _PPP_IPV6 = 0x0800, 0x86DD, 0x8864, 0x0021, 0x0057
_TYPE_AT, _TAG_BYTES, _PPPOE_BYTES = 12, 4, 8
_MOST_TAGS = 2
# Fibonacci hashing (Knuth, TAOCP 6.4): neighbours among addresses get different shares.
_MIX = 0x9E3779B1


def filters(count: int) -> list[str]:
    """Return what tells whether a frame is in a share, for each share; each frame is in one."""
    if count == 1:
        return [""]
    # A load behind the end of a frame refuses it, whatever stands around it: _kinds looks first.
    others = [_share(count, f"= {number}") for number in range(1, count)]
    return [f"not ({_share(count, '> 0')})", *others]


def number(source: str, destination: str, count: int) -> int:
    """Return the share of what passes between two IPv4 addresses."""
    first, second = (int(IPv4Address(each)) for each in (source, destination))
    return ((first ^ second) * _MIX % (1 << 32) >> 16) % count


def _share(count: int, which: str) -> str:
    return " or ".join(
        f"({kind} and (({words}) * {_MIX} >> 16) % {count} {which})" for kind, words in _kinds()
    )


def _kinds() -> Iterator[tuple[str, str]]:
    """Yield how a kind of frame is told, and all words of its two addresses combined."""
    for tags in range(_MOST_TAGS + 1):
        tagged = [_either(_TYPE_AT + _TAG_BYTES * number, _TAGS) for number in range(tags)]
        at = _TYPE_AT + _TAG_BYTES * tags
        for is_pppoe in (False, True):
            before = [*tagged, *([_either(at, (_PPPOE,))] if is_pppoe else [])]
            type_at = at + _PPPOE_BYTES * is_pppoe
            types = (_PPP_IPV4, _PPP_IPV6) if is_pppoe else (_IPV4, _IPV6)
            yield _kind(before, type_at, types[0], range(12, 20, 4))
            yield _kind(before, type_at, types[1], range(8, 40, 4))


def _kind(before: list[str], type_at: int, kind: int, words: range) -> tuple[str, str]:
    header = type_at + 2
    told = [f"len >= {header + words.stop}", *before, _either(type_at, (kind,))]
    return " and ".join(told), " ^ ".join(f"ether[{header + word}:4]" for word in words)


def _either(at: int, values: tuple[int, ...]) -> str:
    return f"({' or '.join(f'ether[{at}:2] = {value}' for value in values)})"
