# SPDX-License-Identifier: MIT
"""Many datagrams for one system call: recvmmsg(2), sendmmsg(2) and the memory they work on.

Each datagram is received three bytes into a slot of its own, so that the frame behind the five
bytes of the usual TZSP header starts on a multiple of eight and is sent from where it lies. The
three bytes stay zero: with the header they are one 64-bit word, compared for a whole batch at once.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.host import libc

# One batch. Its memory is bounded even where every slot once held the largest datagram: 17 MiB.
SLOTS = 256
LARGEST_DATAGRAM = 65_535
# A page and a cache line more than the largest datagram needs: without the line the starts of all
# slots would share one set of the first-level cache.
SLOT_BYTES = 65_536 + 4_096 + 64
DATAGRAM_AT = 3
FRAME_AT = 8
# One sockaddr_in6 has 28 bytes, one sockaddr_in 16; rounded up.
NAME_BYTES = 32
# The places of a UDP destination port behind Ethernet and IPv4 (36) or IPv6 (56), four bytes on for
# each VLAN tag or word of IPv4 options, eight on behind PPPoE.
PORTS_AT, PORTS_APART, PORT_PLACES = 36, 4, 8

_IOVEC = np.dtype([("base", np.uintp), ("length", np.uintp)], align=True)
_MSGHDR = np.dtype(
    [
        ("name", np.uintp),
        ("name_length", np.uint32),
        ("vectors", np.uintp),
        ("vector_count", np.uintp),
        ("control", np.uintp),
        ("control_length", np.uintp),
        ("flags", np.int32),
    ],
    align=True,
)
_MMSGHDR = np.dtype([("header", _MSGHDR), ("length", np.uint32)], align=True)

_MSG_TRUNC = 0x20
_MSG_DONTWAIT = 0x40

_recvmmsg = libc.LIBRARY.recvmmsg
_recvmmsg.restype = ctypes.c_int
_recvmmsg.argtypes = (
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_uint,
    ctypes.c_int,
    ctypes.c_void_p,
)
_sendmmsg = libc.LIBRARY.sendmmsg
_sendmmsg.restype = ctypes.c_int
_sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)


def recvmmsg(descriptor: int, messages: int, count: int) -> int:
    """Receive at most `count` datagrams that wait into the mmsghdr array at address `messages`.

    Returns how many; 0 where nothing waits or a signal came first. Never blocks. The length noted
    for a datagram that was cut off is its full one. Raises OSError.
    """
    received: int = _recvmmsg(descriptor, messages, count, _MSG_DONTWAIT | _MSG_TRUNC, None)
    return received if received >= 0 else _zero_or_raise(errno.EAGAIN, errno.EINTR)


def sendmmsg(descriptor: int, messages: int, count: int) -> int:
    """Send `count` messages of the mmsghdr array at address `messages`; return how many went.

    After fewer than `count` the next call tells why; 0 means that a signal came first. Never
    blocks. Raises OSError where the first message cannot be sent.
    """
    sent: int = _sendmmsg(descriptor, messages, count, _MSG_DONTWAIT)
    return sent if sent >= 0 else _zero_or_raise(errno.EINTR)


def _zero_or_raise(*harmless: int) -> int:
    number = ctypes.get_errno()
    if number in harmless:
        return 0
    raise OSError(number, os.strerror(number))


@dataclass(frozen=True, slots=True)
class View:
    """The first `count` datagrams of a batch, column by column, and room to work on them."""

    count: int
    heads: NDArray[np.uint64]  # zero padding and the first five bytes of the datagram
    lengths: NDArray[np.uint32]  # of the datagrams, in bytes
    names: memoryview  # the senders' socket addresses, NAME_BYTES each
    name_words: NDArray[np.uint64]  # the same, (count, NAME_BYTES / 8)
    ports: NDArray[np.uint16]  # (count, PORT_PLACES), network byte order
    frame_lengths: NDArray[np.uint32]  # what is sent, in bytes: to be filled in
    excess: NDArray[np.uint32]
    head_matches: NDArray[np.bool_]
    port_matches: NDArray[np.bool_]


def head(header: bytes) -> int:
    """Return the five bytes of a header as View.heads shows them."""
    return int.from_bytes(bytes(DATAGRAM_AT) + header, sys.byteorder)


class Batch:
    """Memory for SLOTS datagrams, and the messages by which the kernel fills and sends them.

    Everything is allocated once; pages that no datagram ever reached are not resident.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, SLOTS * SLOT_BYTES)
        self._bytes = memoryview(self._memory)
        self._slots = _addresses(self._memory, SLOT_BYTES)
        self._names = bytearray(SLOTS * NAME_BYTES)
        self._incoming, self._into = messages(self._slots + DATAGRAM_AT)
        self._incoming["header"]["name"] = _addresses(self._names, NAME_BYTES)
        self._name_lengths = self._incoming["header"]["name_length"]
        self._into["length"] = LARGEST_DATAGRAM
        self._outgoing, self._from = messages(self._slots + FRAME_AT)
        self._frame_lengths = _low_halves(self._from)
        # The same lengths without numpy, which takes ten times as long for a single number.
        self._length_of = self._incoming["length"].data
        self._frame_length_of = self._frame_lengths.data
        self._at_home = True
        self._receiver: socket.socket | None = None
        self._views: list[View | None] = [None] * (SLOTS + 1)
        # Bound once: an address taken from an array costs a microsecond each time.
        self._incoming_at = self._incoming.ctypes.data
        self._outgoing_at = self._outgoing.ctypes.data

    def receive(self, receiver: socket.socket) -> int:
        """Fill the batch with what waits on a UDP socket; return how many datagrams came."""
        if receiver is not self._receiver:
            # The kernel has put in the lengths of the addresses of the socket before.
            self._name_lengths[:] = NAME_BYTES
            self._receiver = receiver
        return recvmmsg(receiver.fileno(), self._incoming_at, SLOTS)

    def send(self, descriptor: int, first: int, count: int) -> int:
        """Send the frames `first` to `first + count - 1`; return how many were taken."""
        return sendmmsg(descriptor, self._outgoing_at + first * _MMSGHDR.itemsize, count)

    def view(self, count: int) -> View:
        """Return the columns of the first `count` datagrams, made once for each `count`."""
        view = self._views[count]
        if view is None:
            view = self._views[count] = self._make_view(count)
        return view

    def datagram(self, index: int) -> memoryview:
        """Return one datagram, without what did not fit, good until the next receive()."""
        start = index * SLOT_BYTES + DATAGRAM_AT
        return self._bytes[start : start + min(self._length_of[index], LARGEST_DATAGRAM)]

    def length(self, index: int) -> int:
        """Return the length of one datagram, with what did not fit."""
        return int(self._length_of[index])

    def bears(self, count: int, offset: int, content: bytes) -> NDArray[np.bool_]:
        """Tell which of the first `count` frames bear `content` at `offset`; both are even.

        Frames are taken to start at FRAME_AT. Of one that ends before, what it says is of no use.
        """
        wanted = np.frombuffer(content, np.uint16)
        start = FRAME_AT + offset
        shape, strides = (count, len(wanted)), (SLOT_BYTES, wanted.itemsize)
        there = np.ndarray(shape, np.uint16, self._memory, start, strides)
        return np.asarray((there == wanted).all(axis=1))

    def set_frame_length(self, index: int, length: int) -> None:
        """Say how much of a slot is to be sent, as `View.frame_lengths` does."""
        self._frame_length_of[index] = length

    def replace(self, index: int, frame: bytes) -> None:
        """Put a converted frame in the place of the one that came, at FRAME_AT."""
        start = index * SLOT_BYTES + FRAME_AT
        self._bytes[start : start + len(frame)] = frame

    def aim_home(self) -> None:
        """Let message n send slot n from FRAME_AT on; `View.frame_lengths` says how much."""
        if not self._at_home:
            self._from["base"] = self._slots + FRAME_AT
            self._at_home = True

    def aim(
        self, slots: NDArray[np.intp], offsets: NDArray[np.uintp], lengths: NDArray[np.uintp]
    ) -> None:
        """Let message n send `lengths[n]` bytes of slot `slots[n]` from byte `offsets[n]` on."""
        self._at_home = False
        self._from["base"][: len(slots)] = self._slots[slots] + offsets
        self._from["length"][: len(slots)] = lengths

    def _make_view(self, count: int) -> View:
        memory = self._memory
        return View(
            count=count,
            heads=np.ndarray((count,), np.uint64, memory, 0, (SLOT_BYTES,)),
            lengths=self._incoming["length"][:count],
            names=memoryview(self._names)[: count * NAME_BYTES],
            name_words=np.frombuffer(self._names, np.uint64).reshape(SLOTS, -1)[:count],
            ports=np.ndarray(
                (count, PORT_PLACES),
                np.uint16,
                memory,
                FRAME_AT + PORTS_AT,
                (SLOT_BYTES, PORTS_APART),
            ),
            frame_lengths=self._frame_lengths[:count],
            excess=np.empty(count, np.uint32),
            head_matches=np.empty(count, np.bool_),
            port_matches=np.empty((count, PORT_PLACES), np.bool_),
        )


def _addresses(memory: mmap.mmap | bytearray, stride: int) -> NDArray[np.uintp]:
    """Return the addresses of SLOTS places in `memory`, `stride` bytes apart."""
    start = np.frombuffer(memory, np.uint8).ctypes.data
    return start + stride * np.arange(SLOTS, dtype=np.uintp)


def messages(bases: NDArray[np.uintp]) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return an array of mmsghdr and the array of their iovecs, one each, which start at `bases`.

    The addresses in them hold as long as both arrays live.
    """
    vectors = np.zeros(len(bases), _IOVEC)
    vectors["base"] = bases
    array = np.zeros(len(bases), _MMSGHDR)
    array["header"]["vectors"] = vectors.ctypes.data + _IOVEC.itemsize * np.arange(
        len(bases), dtype=np.uintp
    )
    array["header"]["vector_count"] = 1
    return array, vectors


def _low_halves(vectors: NDArray[np.void]) -> NDArray[np.uint32]:
    """Return the low 32 bits of each iov_len: numpy writes them without a change of type."""
    low = 0 if sys.byteorder == "little" else np.dtype(np.uintp).itemsize - 4
    first = (np.dtype(np.uintp).itemsize + low) // 4
    return vectors.view(np.uint32)[first :: _IOVEC.itemsize // 4]
