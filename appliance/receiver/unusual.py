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


_RECEIVED, _TRANSMIT = head(USUAL_HEADER), head(USUAL_TRANSMIT_HEADER)
SHORTEST = len(USUAL_HEADER) + HEADER_LENGTH


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
        self._ports = ports
        self._echoes = echoes
        self._fed_back = False

    def decide(
        self,
        batch: Batch,
        view: View,
        listed: NDArray[np.bool_],
        senders: Sequence[bytes],
        now: float,
    ) -> Decisions:
        """Decide about the datagrams of a batch; those whose sender is not listed are dropped.

        `senders` are 16 bytes each. Frames that had to be converted lie in the place of their
        datagrams afterwards.
        """
        outcomes = np.where(listed, Outcome.SENT, Outcome.UNLISTED_SOURCE).astype(np.uint8)
        offsets = np.full(view.count, FRAME_AT, np.uintp)
        lengths = view.lengths.astype(np.int64) - len(USUAL_HEADER)
        usual = (view.heads == _RECEIVED) | (view.heads == _TRANSMIT)
        usual &= (view.lengths >= SHORTEST) & (view.lengths <= LARGEST_DATAGRAM)
        for index in np.flatnonzero(listed & ~usual).tolist():
            sender = senders[index]
            outcomes[index], offsets[index], lengths[index] = self._decode(
                batch, index, sender, now
            )
        plain, suspects = listed & usual, self._suspects(view)
        self._drop_echoes(batch, plain & suspects, outcomes, senders, now)
        # Where an echo came in fragments, the others are looked for, before it in the batch too.
        if now <= self._echoes.watch_until:
            self._drop_echoes(batch, plain & ~suspects, outcomes, senders, now)
        return Decisions(outcomes, offsets, lengths)

    def _drop_echoes(
        self,
        batch: Batch,
        among: NDArray[np.bool_],
        outcomes: NDArray[np.uint8],
        senders: Sequence[bytes],
        now: float,
    ) -> None:
        for index in np.flatnonzero(among).tolist():
            frame = batch.datagram(index)[len(USUAL_HEADER) :]
            if self._feeds_back(frame, senders[index], now):
                outcomes[index] = Outcome.FEEDBACK

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

    def _suspects(self, view: View) -> NDArray[np.bool_]:
        """Tell the frames that bear one of our ports where a UDP header may have it."""
        suspects = np.zeros(view.count, np.bool_)
        for port in self._ports:
            suspects |= (view.ports == socket.htons(port)).any(axis=1)
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
