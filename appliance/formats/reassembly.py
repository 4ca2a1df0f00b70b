# SPDX-License-Identifier: MIT
"""IP fragments put together, within bounds of number and time (RFC 791 section 3.2, RFC 8200 4.5).

Senders count datagrams in 16 bits, and some always write the same number: fragments of two
datagrams with one number meet where the first lost some. A fragment that contradicts one before it
begins a datagram anew, and so does the whole that proves unsound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from appliance.formats.ip import IpPacket

LONGEST_DATAGRAM = 65535
_MOST_DATAGRAMS = 256
# A router sends the fragments of a datagram one right after the other.
_PATIENCE_US = 1_000_000


class _Piece(NamedTuple):
    offset: int
    content: bytes
    is_last: bool

    @property
    def end(self) -> int:
        return self.offset + len(self.content)

    def contradicts(self, other: _Piece) -> bool:
        """Tell whether both cannot be of one datagram: an overlap, two ends, one behind the end."""
        if self.offset < other.end and other.offset < self.end:
            return True
        return (self.is_last and other.end > self.offset) or (
            other.is_last and self.end > other.offset
        )


class _Pieces:
    """What came of one datagram, in the order in which it came."""

    def __init__(self, time_us: int) -> None:
        self.started_us = time_us
        self.pieces: list[_Piece] = []
        # So many of the pieces, from the front, belong to a datagram that was counted as lost.
        self.counted = 0
        # A piece was cut by the capture: the rest of the datagram is of no use.
        self.spoilt = False

    def whole(self) -> bytes | None:
        """Return the payload if all is there; the pieces do not overlap."""
        length = next((piece.end for piece in self.pieces if piece.is_last), None)
        if length is None or sum(len(piece.content) for piece in self.pieces) < length:
            return None
        return b"".join(piece.content for piece in sorted(self.pieces))


class Reassembler:
    """Takes fragments in any order; `failures` counts the datagrams that never became whole.

    A datagram whose first fragment is there and not `wanted` is not counted.
    """

    def __init__(
        self,
        sound: Callable[[IpPacket, bytes], bool] = lambda packet, whole: True,
        wanted: Callable[[bytes], bool] = lambda first: True,
    ) -> None:
        """Take what judges a whole payload, with its last fragment, and a first fragment's."""
        self.failures = 0
        self._sound = sound
        self._wanted = wanted
        self._open: dict[object, _Pieces] = {}

    def add(self, packet: IpPacket, time_us: int) -> bytes | None:
        """Return the payload of the datagram that `packet`, a fragment, makes whole."""
        self._make_room(time_us)
        found = self._open.get(packet.key)
        if found is not None and _is_old(found, time_us):
            self._drop(packet.key)
            found = None
        if found is None:
            found = self._open[packet.key] = _Pieces(time_us)
        piece = _Piece(packet.fragment_offset, bytes(packet.payload), not packet.more_fragments)
        if packet.missing or piece.end > LONGEST_DATAGRAM:
            self._spoil(found)
            return None
        return self._take(packet, found, piece, time_us)

    def finish(self) -> None:
        """Count what is not whole at the end."""
        for key in list(self._open):
            self._drop(key)

    def _take(self, packet: IpPacket, found: _Pieces, piece: _Piece, time_us: int) -> bytes | None:
        if found.spoilt:
            if piece.offset:
                return None
            found.spoilt, found.started_us = False, time_us
        if piece in found.pieces or not piece.content:
            return None
        self._resolve(found, piece, time_us)
        found.pieces.append(piece)
        whole = found.whole()
        if whole is None:
            return None
        if not self._sound(packet, whole):
            self._begin_anew(found, time_us)
            return None
        del self._open[packet.key]
        return whole

    def _resolve(self, found: _Pieces, piece: _Piece, time_us: int) -> None:
        """Let go of what cannot be of the same datagram, and of all that came before that."""
        last = max(
            (at for at, other in enumerate(found.pieces) if piece.contradicts(other)), default=None
        )
        if last is None:
            return
        # A first fragment begins a datagram; another one may come late in the middle of its own.
        gone = len(found.pieces) if not piece.offset else last + 1
        self._let_go(found, gone, len(found.pieces))
        found.started_us = time_us

    def _begin_anew(self, found: _Pieces, time_us: int) -> None:
        """Let go of what is whole but wrong; what came last out of order begins the next."""
        offsets = [piece.offset for piece in found.pieces]
        gone = len(offsets) - (offsets != sorted(offsets))
        self._let_go(found, gone, gone)
        found.started_us = time_us

    def _let_go(self, found: _Pieces, gone: int, told: int) -> None:
        """Take `gone` pieces from the front; the first `told` are of one datagram or older ones."""
        if gone > found.counted:
            self._count(found.pieces[:gone])
            found.counted = told
        del found.pieces[:gone]
        found.counted = max(0, found.counted - gone)

    def _spoil(self, found: _Pieces) -> None:
        if not found.spoilt:
            self.failures += 1
        found.spoilt, found.counted = True, 0
        found.pieces.clear()

    def _count(self, pieces: list[_Piece]) -> None:
        first = next((piece.content for piece in pieces if not piece.offset), None)
        self.failures += first is None or self._wanted(first)

    def _drop(self, key: object) -> None:
        found = self._open.pop(key)
        self._let_go(found, len(found.pieces), len(found.pieces))

    def _make_room(self, time_us: int) -> None:
        while self._open:
            key, oldest = next(iter(self._open.items()))
            if len(self._open) < _MOST_DATAGRAMS and not _is_old(oldest, time_us):
                return
            self._drop(key)


def _is_old(found: _Pieces, time_us: int) -> bool:
    # Both ways: a clock that was set back must not keep them for ever.
    return abs(time_us - found.started_us) >= _PATIENCE_US
