# SPDX-License-Identifier: MIT
"""The filter in the kernel that keeps from the matcher what tells it nothing.

Classic BPF (Documentation/networking/filter.rst): the frame's IP header is found behind two VLAN
tags at most, or PPPoE. Let through are DNS (port 53), TCP segments that open a connection or begin
with a TLS ClientHello or a request of HTTP, UDP packets that open QUIC, fragments, packets with
extension headers of IPv6, and one of SAMPLE other UDP packets, by chance: a conversation has many.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.intel.http_host import METHODS

SAMPLE = 64
WHOLE = 0xFFFF

_LD, _LDH, _LDB = 0x20, 0x28, 0x30  # absolute
_LD_X, _LDH_X, _LDB_X = 0x40, 0x48, 0x50  # relative to X
_LDX = 0x01
_ST, _LD_M = 0x02, 0x60
_AND, _LSH, _RSH, _ADD_X, _TAX, _TXA, _ADD = 0x54, 0x64, 0x74, 0x0C, 0x07, 0x87, 0x04
_JEQ, _JSET, _RET = 0x15, 0x45, 0x06
_RANDOM = 0xFFFFF000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM
_SO_ATTACH_FILTER = 26
_INSTRUCTION = struct.Struct("HBBI")

NEXT = ""
PASS, DROP = "pass", "drop"


@dataclass(frozen=True, slots=True)
class Op:
    """An instruction; `yes` and `no` are labels to go to, NEXT for the step behind."""

    code: int
    value: int = 0
    yes: str = NEXT
    no: str = NEXT
    label: str = ""


def program(sample: int = SAMPLE) -> Sequence[Op]:
    """Return the filter; `sample` is a power of two, 1 lets all UDP through."""
    return (*_link(), *_ipv4(), *_ipv6(), *_tcp(), *_udp(sample),
            Op(_RET, 0, label=DROP), Op(_RET, WHOLE, label=PASS))  # fmt: skip


def _link() -> tuple[Op, ...]:
    vlan = (0x8100, 0x88A8)
    return (
        Op(_LDX, 14), Op(_LDH, 12),
        Op(_JEQ, 0x0800, "ipv4"), Op(_JEQ, 0x86DD, "ipv6"), Op(_JEQ, 0x8864, "pppoe"),
        Op(_JEQ, vlan[0], "tag"), Op(_JEQ, vlan[1], "tag", DROP),
        Op(_LDX, 18, label="tag"), Op(_LDH, 16),
        Op(_JEQ, 0x0800, "ipv4"), Op(_JEQ, 0x86DD, "ipv6"),
        Op(_JEQ, vlan[0], NEXT, DROP),
        Op(_LDX, 22), Op(_LDH, 20),
        Op(_JEQ, 0x0800, "ipv4"), Op(_JEQ, 0x86DD, "ipv6", DROP),
        Op(_LDX, 22, label="pppoe"), Op(_LDH, 20),
        Op(_JEQ, 0x0021, "ipv4"), Op(_JEQ, 0x0057, "ipv6", DROP),
    )  # fmt: skip


def _ipv4() -> tuple[Op, ...]:
    return (
        Op(_LDH_X, 6, label="ipv4"), Op(_JSET, 0x3FFF, PASS),
        Op(_LDB_X, 9), Op(_ST, 0),
        Op(_LDB_X, 0), Op(_AND, 0x0F), Op(_LSH, 2), Op(_ADD_X), Op(_TAX),
        Op(_LD_M, 0), Op(_JEQ, 6, "tcp"), Op(_JEQ, 17, "udp", DROP),
    )  # fmt: skip


def _ipv6() -> tuple[Op, ...]:
    return (
        Op(_LDB_X, 6, label="ipv6"), Op(_ST, 0),
        Op(_JEQ, 0, PASS), Op(_JEQ, 43, PASS), Op(_JEQ, 44, PASS), Op(_JEQ, 51, PASS),
        Op(_JEQ, 60, PASS),
        Op(_TXA), Op(_ADD, 40), Op(_TAX),
        Op(_LD_M, 0), Op(_JEQ, 6, "tcp"), Op(_JEQ, 17, "udp", DROP),
    )  # fmt: skip


def _tcp() -> tuple[Op, ...]:
    requests = (Op(_JEQ, int.from_bytes(each, "big"), PASS) for each in METHODS)
    return (
        # SYN, without ACK, RST and FIN.
        Op(_LDB_X, 13, label="tcp"), Op(_AND, 0x17), Op(_JEQ, 0x02, PASS),
        Op(_LDH_X, 0), Op(_JEQ, 53, PASS), Op(_LDH_X, 2), Op(_JEQ, 53, PASS),
        Op(_LDB_X, 12), Op(_AND, 0xF0), Op(_RSH, 2), Op(_ADD_X), Op(_TAX),
        Op(_LD_X, 0), *requests,
        Op(_RSH, 16), Op(_JEQ, 0x1603, NEXT, DROP),
        Op(_LDB_X, 5), Op(_JEQ, 1, PASS, DROP),
    )  # fmt: skip


def _udp(sample: int) -> tuple[Op, ...]:
    return (
        Op(_LDH_X, 0, label="udp"), Op(_JEQ, 53, PASS),
        Op(_LDH_X, 2), Op(_JEQ, 53, PASS), Op(_JEQ, 443, NEXT, "sample"),
        # Long headers of QUIC: Initial is 00 in version 1, 01 in version 2 (RFC 9000, RFC 9369).
        Op(_LDB_X, 8), Op(_AND, 0xF0), Op(_JEQ, 0xC0, PASS), Op(_JEQ, 0xD0, PASS),
        Op(_LD, _RANDOM, label="sample"), Op(_AND, sample - 1), Op(_JEQ, 0, PASS, DROP),
    )  # fmt: skip


def assembled(steps: Sequence[Op]) -> bytes:
    """Return the instructions as the kernel takes them: code, two offsets, a value, each."""
    places = {step.label: place for place, step in enumerate(steps) if step.label}

    def offset(label: str, here: int) -> int:
        return places[label] - here - 1 if label else 0

    return b"".join(
        _INSTRUCTION.pack(step.code, offset(step.yes, here), offset(step.no, here), step.value)
        for here, step in enumerate(steps)
    )


def attach(sniffer: socket.socket, steps: Sequence[Op]) -> None:
    """Let the kernel drop what the filter does not let through. Raises OSError."""
    code = ctypes.create_string_buffer(assembled(steps))
    argument = struct.pack("HP", len(steps), ctypes.addressof(code))
    sniffer.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, argument)
