# SPDX-License-Identifier: MIT
"""What is to become of datagrams that are not plain, each on its own."""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.errors import DecodeError
from appliance.formats import tzsp
from appliance.formats.ethernet import HEADER_LENGTH, UnsupportedEncapsulation, as_ethernet
from appliance.formats.feedback import EchoFilter
from appliance.formats.tzsp import USUAL_HEADER, USUAL_TRANSMIT_HEADER
from appliance.receiver.mmsg import DATAGRAM_AT, FRAME_AT, LARGEST_DATAGRAM, Batch, View, head
from appliance.reports.outcomes import Outcome

log = logging.getLogger(__name__)


# Arrays, for numpy to convert nothing.
_RECEIVED, _TRANSMIT = (
    np.array(head(each), np.uint64) for each in (USUAL_HEADER, USUAL_TRANSMIT_HEADER)
)
_SENT, _UNLISTED = (np.array(each, np.uint8) for each in (Outcome.SENT, Outcome.UNLISTED_SOURCE))
SHORTEST = len(USUAL_HEADER) + HEADER_LENGTH
_SHORTEST, _SPAN = (np.array(each, np.uint32) for each in (SHORTEST, LARGEST_DATAGRAM - SHORTEST))


def _usual(view: View) -> NDArray[np.bool_]:
    """Tell the datagrams whose frame needs no decoding."""
    usual = view.heads == _RECEIVED
    if b"\0" in usual.tobytes():
        usual |= view.heads == _TRANSMIT
    # Unsigned: what is too short becomes huge.
    np.subtract(view.lengths, _SHORTEST, view.excess)
    usual &= view.excess <= _SPAN
    return np.asarray(usual)


@dataclass(frozen=True, slots=True)
class Decisions:
    """For each datagram its Outcome, SENT for what is to be sent, and where its frame lies."""

    outcomes: NDArray[np.uint8]
    offsets: NDArray[np.uintp]  # in its slot
    lengths: NDArray[np.int64]


class Triage:
    """Tells frames from keepalives, feedback and junk, and turns other kinds into Ethernet."""

    def __init__(self, ports: frozenset[int], echoes: EchoFilter) -> None:
        """Take the UDP ports that we receive on: frames to them may be our own intake."""
        self._port_words = [np.array(socket.htons(port), np.uint16) for port in ports]
        self._echoes = echoes
        self._fed_back = False

    def decide(
        self,
        batch: Batch,
        view: View,
        listed: NDArray[np.bool_],
        sender_of: NDArray[np.intp],
        senders: Sequence[bytes],
        now: float,
    ) -> Decisions:
        """Decide about the datagrams of a batch; those whose sender is not listed are dropped.

        `senders` are 16 bytes each, `sender_of` says which of them sent a datagram. Frames that had
        to be converted lie in the place of their datagrams afterwards.
        """
        outcomes = np.where(listed, _SENT, _UNLISTED)
        offsets = np.full(view.count, FRAME_AT, np.uintp)
        lengths = view.lengths.astype(np.int64) - len(USUAL_HEADER)
        usual = _usual(view)
        for index in np.flatnonzero(listed & ~usual).tolist():
            sender = senders[sender_of[index]]
            outcomes[index], offsets[index], lengths[index] = self._decode(
                batch, index, sender, now
            )
        plain, looked_at = listed & usual, self._suspects(view)
        self._drop_echoes(batch, plain & looked_at, outcomes, sender_of, senders, now)
        # Where an echo came in fragments, the others are looked for, before it in the batch too.
        if now <= self._echoes.watch_until:
            marked = self.marks(batch, view.count, now) & ~looked_at
            self._drop_echoes(batch, plain & marked, outcomes, sender_of, senders, now)
        return Decisions(outcomes, offsets, lengths)

    def _drop_echoes(
        self,
        batch: Batch,
        among: NDArray[np.bool_],
        outcomes: NDArray[np.uint8],
        sender_of: NDArray[np.intp],
        senders: Sequence[bytes],
        now: float,
    ) -> None:
        for index in np.flatnonzero(among).tolist():
            frame = batch.datagram(index)[len(USUAL_HEADER) :]
            if self._feeds_back(frame, senders[sender_of[index]], now):
                outcomes[index] = Outcome.FEEDBACK

    def marks(self, batch: Batch, count: int, now: float) -> NDArray[np.bool_]:
        """Tell which of the first `count` frames may be fragments of an echo."""
        marked = np.zeros(count, np.bool_)
        for mark in self._echoes.marks(now):
            marked |= batch.bears(count, mark.offset, mark.addresses)
        return marked

    def _decode(
        self, batch: Batch, index: int, sender: bytes, now: float
    ) -> tuple[Outcome, int, int]:
        """Return the outcome of one unusual datagram, and where in its slot the frame lies."""
        if batch.length(index) > LARGEST_DATAGRAM:
            return Outcome.MALFORMED, 0, 0
        datagram = batch.datagram(index)
        try:
            packet = tzsp.decode(datagram)
            if not packet.carries_frame:
                return Outcome.KEEPALIVE, 0, 0
            frame = as_ethernet(packet.encapsulation, packet.payload, packet.damaged)
        except UnsupportedEncapsulation:
            return Outcome.UNSUPPORTED_ENCAPSULATION, 0, 0
        except DecodeError:
            return Outcome.MALFORMED, 0, 0
        if self._feeds_back(memoryview(frame), sender, now):
            return Outcome.FEEDBACK, 0, 0
        if frame is packet.payload:
            return Outcome.SENT, DATAGRAM_AT + len(datagram) - len(frame), len(frame)
        batch.replace(index, bytes(frame))
        return Outcome.SENT, FRAME_AT, len(frame)

    def without_frame(self, batch: Batch, index: int) -> Outcome | None:
        """Return what a datagram is of which no frame can come; None where one may."""
        if batch.length(index) > LARGEST_DATAGRAM:
            return Outcome.MALFORMED
        try:
            return None if tzsp.decode(batch.datagram(index)).carries_frame else Outcome.KEEPALIVE
        except DecodeError:
            return Outcome.MALFORMED

    def _suspects(self, view: View) -> NDArray[np.bool_]:
        """Tell the frames that bear one of our ports where a UDP header may have it."""
        suspects = np.zeros(view.count, np.bool_)
        for port in self._port_words:
            np.equal(view.ports, port, view.port_matches)
            if b"\1" in view.port_matches.tobytes():
                suspects |= view.port_matches.any(axis=1)
        return suspects

    def _feeds_back(self, frame: memoryview, sender: bytes, now: float) -> bool:
        if not self._echoes.is_echo(frame, sender, now):
            return False
        if not self._fed_back:
            self._fed_back = True
            log.warning(
                "a router captures its own stream and sends it back; such frames are dropped and"
                " counted. On RouterOS, sniffer: /tool sniffer set filter-stream=yes; mangle: add"
                " dst-address=!SENSOR to the rule with action=sniff-tzsp"
            )
        return True
