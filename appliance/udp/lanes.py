# SPDX-License-Identifier: MIT
"""Queues of their own for the senders on one port, so that none of them fills those of the others.

The sockets of a port share it (SO_REUSEPORT, socket(7)), and a program in classic BPF, which the
kernel runs for each datagram, says which of them it goes to: the regular senders have one each, the
others share the rest by their address. To attach it takes no right.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import socket
import struct
from collections.abc import Collection, Iterable, Sequence

from appliance.formats.ip import IPV4_MAPPED

log = logging.getLogger(__name__)

# How many sockets a port has: three regular senders, and one queue for everybody else at least.
LANES = 4
# Who has sent frames in each of so many seconds is a regular sender, until silent for as many.
REGULAR_S, SILENT_S = 10, 60

# asm-generic/socket.h, linux/filter.h and linux/bpf_common.h.
_SO_ATTACH_REUSEPORT_CBPF = 51
_LOAD_HALF, _LOAD_WORD = 0x28, 0x20
_IF_EQUAL, _MODULO, _ADD, _RETURN, _RETURN_RESULT = 0x15, 0x94, 0x04, 0x06, 0x16
_PROTOCOL = 0xFFFFF000
_NETWORK_HEADER = 0xFFF00000
_SOURCE, _SOURCE6 = _NETWORK_HEADER + 12, _NETWORK_HEADER + 8
_IPV6 = 0x86DD
_INSTRUCTION = struct.Struct("HBBI")

_Step = tuple[int, int, int, int]


def widened(receiver: socket.socket, lanes: int = LANES) -> list[socket.socket]:
    """Return a bound UDP socket and more that share its port. Raises OSError.

    The first was bound for itself alone, which tells whether the port was free.
    """
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened = [receiver]
    try:
        for _ in range(lanes - 1):
            opened.append(socket.socket(receiver.family, socket.SOCK_DGRAM))
            opened[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if receiver.family == socket.AF_INET6:
                alone = receiver.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
                opened[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, alone)
            opened[-1].bind(receiver.getsockname())
    except OSError:
        for each in opened[1:]:
            each.close()
        raise
    return opened


def program(lanes: int, own: Sequence[bytes]) -> list[_Step]:
    """Return the steps that choose among `lanes` queues; keys in `own` have the first ones.

    A key has 16 bytes (ip.key_of). At most all queues but one are given away.
    """
    given = list(enumerate(own[: lanes - 1]))
    ipv4 = [(lane, key[12:]) for lane, key in given if key.startswith(IPV4_MAPPED)]
    ipv6 = [(lane, key) for lane, key in given if not key.startswith(IPV4_MAPPED)]
    shared = [
        (_MODULO, 0, 0, lanes - len(given)),
        (_ADD, 0, 0, len(given)),
        (_RETURN_RESULT, 0, 0, 0),
    ]
    version4 = [
        *(step for lane, address in ipv4 for step in _if_from(lane, address, _SOURCE)),
        *((_LOAD_WORD, 0, 0, _SOURCE), *shared),
    ]
    version6 = [
        *(step for lane, address in ipv6 for step in _if_from(lane, address, _SOURCE6)),
        *((_LOAD_WORD, 0, 0, _SOURCE6 + 12), *shared),
    ]
    return [
        (_LOAD_HALF, 0, 0, _PROTOCOL),
        (_IF_EQUAL, len(version4), 0, _IPV6),
        *version4,
        *version6,
    ]


def _if_from(lane: int, address: bytes, at: int) -> list[_Step]:
    """Return the steps that choose a queue for an address, and go on behind them for others."""
    words = struct.unpack(f">{len(address) // 4}I", address)
    steps: list[_Step] = []
    for number, word in enumerate(words):
        behind = 2 * (len(words) - number - 1) + 1
        steps += [(_LOAD_WORD, 0, 0, at + 4 * number), (_IF_EQUAL, 0, behind, word)]
    return [*steps, (_RETURN, 0, 0, lane)]


class Lanes:
    """Gives queues of the ports to their regular senders, and takes them back."""

    def __init__(self, sockets: Iterable[socket.socket], listed: Collection[bytes] = ()) -> None:
        """Take all UDP sockets; `listed` are the keys of those who always have a queue."""
        self._groups: dict[int, list[socket.socket]] = {}
        for each in sockets:
            self._groups.setdefault(each.getsockname()[1], []).append(each)
        self._listed = list(dict.fromkeys(listed))
        self._own: list[bytes] = []
        self._sent: dict[bytes, int] = {}
        self._streak: dict[bytes, int] = {}
        self._silent: dict[bytes, int] = {}
        self._assign(self._listed)

    def tick(self, sent: Iterable[tuple[bytes, int]]) -> None:
        """Look once a second at who sends: the key and the number of frames of each sender."""
        now = dict(sent)
        active = {key for key, count in now.items() if count > self._sent.get(key, 0)}
        self._sent = now
        self._streak = {key: self._streak.get(key, 0) + 1 for key in active}
        self._silent = {key: 0 if key in active else self._silent.get(key, 0) + 1 for key in now}
        stay = [key for key in self._own if key in self._listed or self._is_there(key)]
        regular = [key for key, seconds in self._streak.items() if seconds >= REGULAR_S]
        regular.sort(key=lambda key: -self._streak[key])
        wanted = list(dict.fromkeys([*stay, *regular]))[: LANES - 1]
        if wanted != self._own:
            self._assign(wanted)

    def _is_there(self, key: bytes) -> bool:
        return self._silent.get(key, SILENT_S) < SILENT_S

    def _assign(self, own: list[bytes]) -> None:
        self._own = own
        for group in self._groups.values():
            if len(group) > 1:
                _attach(group[0], program(len(group), own))


def _attach(member: socket.socket, steps: Sequence[_Step]) -> None:
    """Have the kernel choose by `steps` among all sockets of the group that `member` is in."""
    code = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*step) for step in steps))
    # struct sock_fprog: the number of steps, and where they are.
    told = struct.pack("HP", len(steps), ctypes.addressof(code))
    try:
        member.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, told)
    except OSError as error:
        # Then the kernel spreads the senders itself.
        name = errno.errorcode.get(error.errno or 0, "error")
        log.warning("senders have no queues of their own: %s", name)
