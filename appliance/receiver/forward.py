# SPDX-License-Identifier: MIT
"""From a batch of datagrams to frames on the interface, and one outcome counted for each.

Nearly every batch is plain: one sender, the usual header, no frame of our own intake. It is told by
a few comparisons over the whole of it, and sent from where it lies. Others go through triage, which
looks one by one only at what is not plain: a few datagrams of a stranger among those of a router
cost about as much as they do alone.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Collection, Container

import numpy as np
from numpy.typing import NDArray

from appliance.formats.ethernet import HEADER_LENGTH
from appliance.formats.feedback import EchoFilter
from appliance.formats.ip import IPV4_MAPPED
from appliance.formats.tzsp import USUAL_HEADER
from appliance.receiver.inject import Injector
from appliance.receiver.mmsg import (
    LARGEST_DATAGRAM,
    NAME_BYTES,
    PORT_PLACES,
    PORTS_APART,
    PORTS_AT,
    SLOTS,
    Batch,
    View,
    head,
)
from appliance.receiver.unusual import SHORTEST, Triage
from appliance.reports.outcomes import OUTCOMES, Outcome
from appliance.udp.sources import Source, Sources

# So many are looked at one by one; for more, numpy is faster.
FEW = 4

TZSP_HEADER = len(USUAL_HEADER)

# Arrays, for numpy to convert nothing.
_RECEIVED = np.array(head(USUAL_HEADER), np.uint64)
_SHORTEST = np.array(SHORTEST, np.uint32)
_SENT = np.array(Outcome.SENT, np.uint8)
_HEADER_LENGTH = np.array(HEADER_LENGTH, np.uint32)
_UNLISTED = Outcome.UNLISTED_SOURCE
_PORTS_AT = TZSP_HEADER + PORTS_AT
_PORTS_END = _PORTS_AT + PORTS_APART * PORT_PLACES

# Where struct sockaddr_in and sockaddr_in6 hold the address (ip(7), ipv6(7)).
_IPV4_ADDRESS = slice(4, 8)
_IPV6_ADDRESS = slice(8, 24)


class Forwarder:
    """Sends the frames of batches and counts what became of every datagram, by its sender."""

    def __init__(
        self,
        injector: Injector,
        sources: Sources,
        ports: Collection[int],
        own: Container[bytes],
    ) -> None:
        """Take the way out, the book to count in, and where we receive: UDP ports and addresses.

        The addresses are 16 bytes each, as ip.key_of() makes them.
        """
        self._injector = injector
        self._sources = sources
        self._echoes = EchoFilter(ports, own)
        self._triage = Triage(frozenset(ports), self._echoes)
        self._port_bytes = [port.to_bytes(2, "big") for port in ports]
        self._port_words = [np.array(socket.htons(port), np.uint16) for port in ports]
        # Who sent most of the batch before, and the name and key of that sender.
        self._sender: Source | None = None
        self._sender_names, self._sender_key = b"", b""
        self._sender_words = np.zeros(NAME_BYTES // 8, np.uint64)

    def forward(self, batch: Batch, count: int, now: float) -> None:
        """Deal with the first `count` datagrams of a batch, received at `now` (monotonic)."""
        view = batch.view(count)
        sender = self._only_sender(view)
        if (
            sender is not None
            and sender.listed
            and (now > self._echoes.watch_until or not self._triage.marks(batch, count, now).any())
        ):
            frame_bytes = self._line_up(view) if count > FEW else self._line_up_few(batch, count)
            if frame_bytes is not None:
                self._forward_plain(batch, view, sender, frame_bytes, now)
                return
        if sender is not None and count <= FEW and self._without_frames(batch, count, sender, now):
            return
        self._forward_mixed(batch, view, now)

    def _without_frames(self, batch: Batch, count: int, sender: Source, now: float) -> bool:
        """Count a few datagrams of one sender of which no frame comes; tell whether they are such.

        Alone they come from strangers, again and again: triage takes five times as long.
        """
        row, received = [0] * OUTCOMES, 0
        for index in range(count):
            dropped = self._triage.without_frame(batch, index) if sender.listed else _UNLISTED
            if dropped is None:
                return False
            row[dropped] += 1
            received += batch.length(index)
        sender.tally.count(row, received, 0)
        sender.last_seen = now
        return True

    def _only_sender(self, view: View) -> Source | None:
        """Return who sent the whole batch; None where it was not one alone, from one port."""
        if not self._sender_names.startswith(view.names):
            repeated = bytes(view.names[:NAME_BYTES]) * SLOTS
            if not repeated.startswith(view.names):
                return None
            self._expect(view, 0)
        return self._sender

    def _expect(self, view: View, index: int) -> None:
        """Expect the next batch from the sender of one datagram."""
        name = bytes(view.names[index * NAME_BYTES : (index + 1) * NAME_BYTES])
        self._sender_names = name * SLOTS
        self._sender_words = np.frombuffer(name, np.uint64)
        self._sender_key = sender_key(name)
        self._sender = self._sources.find(self._sender_key)

    def _line_up(self, view: View) -> int | None:
        """Set the frames' lengths and return their sum; None where a datagram is not plain."""
        np.equal(view.heads, _RECEIVED, view.head_matches)
        if b"\0" in view.head_matches.tobytes():
            return None
        # Unsigned: what is too short becomes huge, and one comparison finds it and the too long.
        np.subtract(view.lengths, _SHORTEST, view.excess)
        if view.excess.item(view.excess.argmax()) > LARGEST_DATAGRAM - SHORTEST:
            return None
        for port in self._port_words:
            np.equal(view.ports, port, view.port_matches)
            if b"\1" in view.port_matches.tobytes():
                return None
        np.add(view.excess, _HEADER_LENGTH, view.frame_lengths)
        return int(np.add.reduce(view.frame_lengths))

    def _line_up_few(self, batch: Batch, count: int) -> int | None:
        """Do the same one by one: numpy costs as much for one datagram as for a hundred."""
        frame_bytes = 0
        for index in range(count):
            length = batch.length(index)
            start = bytes(batch.datagram(index)[:_PORTS_END])
            if not SHORTEST <= length <= LARGEST_DATAGRAM or not start.startswith(USUAL_HEADER):
                return None
            for port in self._port_bytes:
                if start.find(port, _PORTS_AT) >= 0:
                    return None
            batch.set_frame_length(index, length - TZSP_HEADER)
            frame_bytes += length - TZSP_HEADER
        return frame_bytes

    def _forward_plain(
        self, batch: Batch, view: View, sender: Source, frame_bytes: int, now: float
    ) -> None:
        batch.aim_home()
        outcomes = self._injector.send(batch, view.count)
        if outcomes is None:
            received = frame_bytes + TZSP_HEADER * view.count
            sender.tally.count_sent(view.count, received, frame_bytes)
            sender.last_seen = self._sources.last_frame = now
            return
        lengths = view.frame_lengths.astype(np.int64)
        self._count([sender], np.zeros(view.count, np.intp), view, outcomes, lengths, now)

    def _forward_mixed(self, batch: Batch, view: View, now: float) -> None:
        senders, keys, sender_of = self._group(view)
        listed = np.array([sender.listed for sender in senders])[sender_of]
        decisions = self._triage.decide(batch, view, listed, sender_of, keys, now)
        outcomes, lengths = decisions.outcomes, decisions.lengths
        chosen = np.flatnonzero(outcomes == _SENT)
        batch.aim(chosen, decisions.offsets[chosen], lengths[chosen].astype(np.uintp))
        failures = self._injector.send(batch, len(chosen))
        if failures is not None:
            outcomes[chosen] = failures
        self._count(senders, sender_of, view, outcomes, lengths, now)

    def _group(self, view: View) -> tuple[list[Source], list[bytes], NDArray[np.intp]]:
        """Return the senders of a batch, their keys, and which of them sent each datagram."""
        if self._sender is None:
            self._expect(view, 0)
        keys = [self._sender_key]
        sender_of = np.zeros(view.count, np.intp)
        others = np.zeros(view.count, np.bool_)
        # Column by column: any(axis=1) takes three times as long.
        for column, word in zip(view.name_words.T, self._sender_words, strict=True):
            others |= column != word
        numbers = {self._sender_key: 0}
        for index in others.nonzero()[0].tolist():
            key = sender_key(bytes(view.names[index * NAME_BYTES : (index + 1) * NAME_BYTES]))
            number = sender_of[index] = numbers.setdefault(key, len(numbers))
            if number == len(keys):
                keys.append(key)
        if np.count_nonzero(others) > view.count // 2:
            most = np.bincount(sender_of).argmax()
            self._expect(view, int((sender_of == most).argmax()))
        return [self._sources.find(key) for key in keys], keys, sender_of

    def _count(
        self,
        senders: list[Source],
        sender_of: NDArray[np.intp],
        view: View,
        outcomes: NDArray[np.uint8],
        lengths: NDArray[np.int64],
        now: float,
    ) -> None:
        """Count each datagram for its sender; `lengths` are those of the frames."""
        sent = outcomes == _SENT
        cells = np.bincount(sender_of * OUTCOMES + outcomes, minlength=len(senders) * OUTCOMES)
        bytes_received = np.bincount(sender_of, view.lengths, len(senders))
        bytes_sent = np.bincount(sender_of, lengths * sent, len(senders))
        for number, sender in enumerate(senders):
            row = cells[number * OUTCOMES : (number + 1) * OUTCOMES].tolist()
            sender.tally.count(row, int(bytes_received[number]), int(bytes_sent[number]))
            sender.last_seen = now
        if sent.any():
            self._sources.last_frame = now


def sender_key(name: bytes) -> bytes:
    """Return the key (ip.key_of) of the sender with a socket address (ip(7), ipv6(7))."""
    if int.from_bytes(name[:2], sys.byteorder) == socket.AF_INET6:
        return name[_IPV6_ADDRESS]
    return IPV4_MAPPED + name[_IPV4_ADDRESS]
