# SPDX-License-Identifier: MIT
"""A flow as every exporter's record becomes one, many of them in one array. Pure.

Addresses are two 64-bit halves, IPv4 as ::ffff:a.b.c.d; nothing known is 0 in both. Times are
milliseconds since the epoch. What the exporter counted stands there as it was counted: `sampling`
says of how many packets it looked at one, 0 where it did not say.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.udp.sources import address_of, key_of

FLOW = np.dtype(
    [
        ("first", np.int64), ("last", np.int64),
        ("src_hi", np.uint64), ("src_lo", np.uint64),
        ("dst_hi", np.uint64), ("dst_lo", np.uint64),
        ("nat_src_hi", np.uint64), ("nat_src_lo", np.uint64),
        ("nat_dst_hi", np.uint64), ("nat_dst_lo", np.uint64),
        ("bytes", np.uint64), ("packets", np.uint64),
        ("in_if", np.uint32), ("out_if", np.uint32), ("sampling", np.uint32),
        ("sport", np.uint16), ("dport", np.uint16),
        ("nat_sport", np.uint16), ("nat_dport", np.uint16),
        ("exporter", np.uint16), ("proto", np.uint8), ("tos", np.uint8), ("flags", np.uint8),
    ],
    align=True,
)  # fmt: skip
# The upper half of an IPv4 address, and what stands above its 32 bits in the lower half.
MAPPED = 0xFFFF << 32

# Flows as they lie in memory: numpy copies and joins structures field by field, which takes ten
# times as long.
_WHOLE = np.dtype((np.void, FLOW.itemsize))
# An odd number that nobody outside knows.
_FACTOR = np.uint64(secrets.randbits(64) | 1)

Flows = NDArray[np.void]
Index = NDArray[np.intp]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]

Address = IPv4Address | IPv6Address


def none() -> Flows:
    """Return an array of no flow."""
    return np.zeros(0, FLOW)


def copied(flows: Flows) -> Flows:
    """Return a copy of flows."""
    return flows.view(_WHOLE).copy().view(FLOW)


def joined(parts: Sequence[Flows]) -> Flows:
    """Return several arrays of flows as one."""
    return np.concatenate([each.view(_WHOLE) for each in parts]).view(FLOW)


def together(numbers: Words) -> Index:
    """Return an order in which equal numbers stand together.

    It is that of 32 bits of a hash, in two turns: numpy sorts 16 bits by radix, in a fifth of the
    time of comparing. Where two numbers share a hash, which is rare, one may stand in pieces.
    """
    hashed = numbers * _FACTOR
    order = np.argsort((hashed >> np.uint64(32)).astype(np.uint16), kind="stable")
    upper = (hashed >> np.uint64(48)).astype(np.uint16)
    return np.asarray(order[np.argsort(upper[order], kind="stable")])


def halves(address: Address) -> tuple[int, int]:
    """Return the two halves by which an address stands in the columns."""
    key = key_of(address)
    return int.from_bytes(key[:8]), int.from_bytes(key[8:])


def address(high: Any, low: Any) -> Address:
    """Return the address that two halves stand for."""
    return address_of(int(high).to_bytes(8) + int(low).to_bytes(8))
