# SPDX-License-Identifier: MIT
"""The filter in the kernel that lets through what devices tell of themselves, and nothing else.

ARP, DHCP (UDP ports 67 and 68), mDNS (5353) and neighbour discovery of IPv6, behind two VLAN tags
at most; fragments are left out (Documentation/networking/filter.rst).
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.intel.sniff_filter import DROP, NEXT, PASS, WHOLE, Op

_LDH, _LDB_X, _LDH_X, _LDX = 0x28, 0x50, 0x48, 0x01
_AND, _LSH, _ADD_X, _TAX, _JEQ, _JGT, _JSET, _RET = 0x54, 0x64, 0x0C, 0x07, 0x15, 0x25, 0x45, 0x06
_ARP, _IPV4, _IPV6 = 0x0806, 0x0800, 0x86DD
_VLAN = (0x8100, 0x88A8)


def program() -> Sequence[Op]:
    """Return the filter."""
    return (*_link(), *_ipv4(), *_ipv6(), Op(_RET, 0, label=DROP), Op(_RET, WHOLE, label=PASS))


def _link() -> tuple[Op, ...]:
    return (
        *_type(12),
        Op(_JEQ, _VLAN[0], "tag"), Op(_JEQ, _VLAN[1], "tag", DROP),
        *_type(16, label="tag"),
        Op(_JEQ, _VLAN[0], NEXT, DROP),
        *_type(20), Op(_RET, 0),
    )  # fmt: skip


def _type(position: int, label: str = "") -> tuple[Op, ...]:
    """Look at the EtherType at `position`; X is where the packet begins."""
    return (
        Op(_LDX, position + 2, label=label), Op(_LDH, position),
        Op(_JEQ, _ARP, PASS), Op(_JEQ, _IPV4, "ipv4"), Op(_JEQ, _IPV6, "ipv6"),
    )  # fmt: skip


def _ipv4() -> tuple[Op, ...]:
    return (
        Op(_LDH_X, 6, label="ipv4"), Op(_JSET, 0x3FFF, DROP),
        Op(_LDB_X, 9), Op(_JEQ, 17, NEXT, DROP),
        Op(_LDB_X, 0), Op(_AND, 0x0F), Op(_LSH, 2), Op(_ADD_X), Op(_TAX),
        Op(_LDH_X, 2),
        Op(_JEQ, 5353, PASS), Op(_JEQ, 67, PASS), Op(_JEQ, 68, PASS, DROP),
    )  # fmt: skip


def _ipv6() -> tuple[Op, ...]:
    return (
        Op(_LDB_X, 6, label="ipv6"), Op(_JEQ, 58, "icmpv6"), Op(_JEQ, 17, NEXT, DROP),
        Op(_LDH_X, 42), Op(_JEQ, 5353, PASS, DROP),
        Op(_LDB_X, 40, label="icmpv6"), Op(_JGT, 132, NEXT, DROP), Op(_JGT, 136, DROP, PASS),
    )  # fmt: skip
